"""Mini-batches of all members of a stack at once, in buffers that are filled, not made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.training.examples import Examples, Member

__all__ = ["Batches"]

Array = npt.NDArray[Any]
GATHERED = 1 << 14  # bytes of a member's inputs, about, gathered at a time: some steps of few inputs, one of many


class _Buffers(NamedTuple):
    """What rows of some steps are gathered in; targets lie by rows only until the inputs come."""

    numbers: npt.NDArray[np.intp]  # (steps, R, m)
    X: Array  # (steps, R, m, n[0] + 1)
    Y_rows: Array  # (steps, R, m, n[L]) in the same memory
    Y: Array  # (steps, R, n[L], m)


class Batches:
    """The batches of R members. Each member's rows are spread evenly over the steps of an epoch.

    All members take the same number of steps, ceil(m / batch_size) for the most rows m that any of them has, and every
    batch has the same number of columns; a member with fewer rows fills up with columns of weight 0.
    label_smoothing s: class targets become (1 - s) Y + s / classes (Szegedy et al. 2016, section 7); classes: how many
    exclude each other.
    """

    def __init__(
        self,
        examples: Examples,
        members: Sequence[Member],
        batch_size: int | None,
        label_smoothing: float = 0.0,
        classes: int = 2,
    ) -> None:
        self._examples, self._smoothing, self._classes = examples, label_smoothing, classes
        self._class_weights = [member.class_weights for member in members]
        self._is_weighed = examples.weights is not None or any(w is not None for w in self._class_weights)
        most = max(len(member.train) for member in members)
        self.steps = 1 if batch_size is None else -(-most // batch_size)
        self.columns = -(-most // self.steps)
        numbers = np.min_scalar_type(len(examples.X1))  # small numbers of rows are kept in small types
        self._train = [member.train.astype(numbers) for member in members]
        spreads = [self._spread(len(rows)) for rows in self._train]
        self._is_real = [is_real for is_real, _ in spreads]  # (steps, columns), or (1, 1) for all
        self._places = [places for _, places in spreads]  # None: one after another
        self._sizes = [None if places is None else is_real.sum(axis=1) for is_real, places in spreads]  # None: all
        dtype, R = examples.X1.dtype, len(members)
        is_alike = not self._is_weighed and all(places is None for places in self._places)
        self._weights = np.empty((1 if is_alike else self.steps, R, 1, self.columns), dtype)
        # row numbers of an epoch, each member's together: they are shuffled in place
        self._order = np.zeros((R, self.steps, self.columns), numbers)
        self._weigh(range(R))
        batch_bytes = examples.X1.shape[1] * examples.X1.itemsize * self.columns
        self._chunk = min(self.steps, max(1, round(GATHERED / batch_bytes)))
        self.bind(R)

    def _spread(self, m: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp] | None]:
        """Return, for m rows, which columns are real (steps, columns), and each one's place in the shuffled order."""
        bounds = np.arange(self.steps + 1) * m // self.steps
        columns = np.arange(self.columns)[None, :]
        is_real = columns < np.diff(bounds)[:, None]
        if is_real.all():
            return is_real[:1, :1].copy(), None
        return is_real, np.where(is_real, bounds[:-1, None] + columns, 0)

    def _weigh(self, members: range) -> None:
        """Give each column its share of its batch: 0 for padding, in all 1."""
        for r in members:
            weights = np.empty((len(self._weights), self.columns))
            weights[:] = self._is_real[r]
            counts = self._examples.counted(self._order[r], self._class_weights[r])
            if counts is not None:
                weights *= counts
            total = weights.sum(axis=1, keepdims=True)
            self._weights[:, r, 0] = np.divide(weights, total, out=weights, where=total > 0)

    def bind(self, members: int) -> None:
        """Serve the first `members` members from now on."""
        self._members = members
        self.release()

    def release(self) -> None:
        """Let go of the buffers until a batch is asked for."""
        self._buffers: _Buffers | None = None
        self._gathered = range(0)

    def shuffle(self, rngs: Sequence[np.random.Generator]) -> None:
        """Draw the next epoch's order, each member by its own generator; a full batch keeps its order."""
        if self.steps == 1 and self._gathered:
            return
        for r in range(self._members):
            rows, places = self._train[r], self._places[r]
            if places is None:
                order = self._order[r].reshape(-1)  # a view
                np.copyto(order, rows)
            else:
                order = rows.astype(np.intp)  # shuffled faster than small types
            if self.steps > 1:
                rngs[r].shuffle(order)
            if places is not None:
                self._order[r] = order[places]
        if self._is_weighed:
            self._weigh(range(self._members))
        self._gathered = range(0)

    def sizes(self, s: int) -> list[int]:
        """Return how many columns of step s are real, for each member."""
        return [self.columns if sizes is None else int(sizes[s]) for sizes in self._sizes[: self._members]]

    def batch(self, s: int) -> tuple[Array, Array, Array]:
        """Return X1 (R, n[0] + 1, m), Y (R, n[L], m) and column weights (R, 1, m) that sum to 1, of step s."""
        if self._buffers is None or s not in self._gathered:
            self._buffers = self._gather(s, self._buffers or self._make_buffers())
        i = s - self._gathered.start
        X, Y = self._buffers.X, self._buffers.Y
        return X[i].swapaxes(-1, -2), Y[i], self._weights[s % len(self._weights), : self._members]

    def _gather(self, s: int, buffers: _Buffers) -> _Buffers:
        """Return the buffers with the rows of step s and of some that follow."""
        steps = min(self._chunk, self.steps - s)
        numbers, X, Y_rows, Y = (buffer[:steps] for buffer in buffers)
        np.copyto(numbers, self._order[: self._members, s : s + steps].swapaxes(0, 1))
        # mode="clip": with "raise", take would build the result aside first
        self._examples.Y.take(numbers, axis=0, out=Y_rows, mode="clip")
        if self._smoothing:
            np.multiply(Y_rows.swapaxes(-1, -2), 1 - self._smoothing, out=Y)
            np.add(Y, self._smoothing / self._classes, out=Y)
        else:
            np.copyto(Y, Y_rows.swapaxes(-1, -2))
        self._examples.X1.take(numbers, axis=0, out=X, mode="clip")
        self._gathered = range(s, s + steps)
        return buffers

    def _make_buffers(self) -> _Buffers:
        n_in, n_out = self._examples.X1.shape[1], self._examples.Y.shape[1]
        shape = (self._chunk, self._members, self.columns)
        size = math.prod(shape)
        pool = np.zeros(size * max(n_in, n_out), self._examples.X1.dtype)
        return _Buffers(
            numbers=np.zeros(shape, np.intp),
            X=pool[: size * n_in].reshape(*shape, n_in),
            Y_rows=pool[: size * n_out].reshape(*shape, n_out),
            Y=np.zeros((self._chunk, self._members, n_out, self.columns), pool.dtype),
        )

    def move(self, target: int, source: int) -> None:
        """Copy what belongs to member `source` to place `target`."""
        self._train[target] = self._train[source]
        self._class_weights[target] = self._class_weights[source]
        self._places[target] = self._places[source]
        self._sizes[target] = self._sizes[source]
        self._is_real[target] = self._is_real[source]
        self._weights[:, target] = self._weights[:, source]
        self._order[target] = self._order[source]
