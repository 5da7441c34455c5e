from __future__ import annotations

import os
import signal

import pytest

from dnnexp.processes.interrupts import Interrupts


def receive(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_raises_at_once_where_it_is_allowed(number: int):
    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt), interrupts.allowed():
        receive(number)


def test_a_signal_between_two_writes_waits_for_the_next_good_moment():
    written = []
    with Interrupts() as interrupts:
        receive()
        written.append("both")
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
    assert written == ["both"]


def test_a_second_ctrl_c_does_not_wait_but_a_second_sigterm_does():
    with Interrupts():
        receive()
        receive(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            receive()


def test_afterwards_the_handlers_are_what_they_were():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
