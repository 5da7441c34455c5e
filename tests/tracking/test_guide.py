from __future__ import annotations

import re

from dnnexp.tracking.guide import guide
from dnnexp.tracking.records import ROLES


def test_it_names_the_data_and_explains_every_role() -> None:
    text = guide("digits")
    assert "**digits**" in text.splitlines()[0]
    assert set(ROLES) <= set(re.findall(r"`(\w+)`", text))
