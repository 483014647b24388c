"""Fields are read by their types, and types are kept to."""

from dataclasses import dataclass
from typing import Annotated

import pytest
from annotated_types import Le

from strictgate.core.capabilities import Mode
from strictgate.upstream.field_readers import field_readers


@dataclass
class Table:
    number: Annotated[int, Le(10)] = 1
    flag: bool = False
    modes: tuple[Mode, ...] = ()


READERS = field_readers(Table)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [("number", 3, 3), ("flag", True, True), ("modes", ["native"], (Mode.NATIVE,))],
)
def test_values(name, value, read):
    """What fits is the field's own type."""
    assert READERS[name](value) == read


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("number", 11, "input should be less than or equal to 10"),
        ("number", "3", "input should be a valid integer"),
        ("flag", 1, "input should be a valid boolean"),
        ("modes", ["x"], "input should be"),
    ],
)
def test_mistakes(name, value, told):
    """What does not fit is refused, and it is said what would."""
    with pytest.raises(ValueError, match=f"^{told}"):
        READERS[name](value)
