"""What stands before a bracket, and what that makes of it."""

import pytest

from strictgate.core.guard.start_context import OpenFence, StartContext


def around(before: str, *, fence: OpenFence | None = None) -> tuple[StartContext, bytearray, int]:
    text = bytearray(before.encode() + b'{"a": 1}')
    return StartContext(0, thinks=False, fence=fence), text, len(before.encode())


@pytest.mark.parametrize(
    ("before", "is_certain"),
    [
        ("", True),
        ("\ufeff \n", True),
        ("Here:\n", True),
        ("Sure!\n\nHere **you go:** \n\n", True),
        ("Here: ", False),
        ("Here.\n", False),
        ("See [1]:\n", False),
        ("Use `x`:\n", False),
        ("Hmm, perhaps:\n", False),
        ("x" * 400 + ":\n", True),
        ("x" * 401 + ":\n", False),
    ],
)
def test_certain(before: str, is_certain: bool):
    """Behind nothing, or behind prose that announces it."""
    surroundings, text, start = around(before)
    assert surroundings.place(text, start).is_certain == is_certain


def test_steps():
    """What has to be taken off: the fence alone, if it stands directly behind its opening."""
    before = "Sure.\n```json\n"
    fence = OpenFence(ord("`"), before.index("`"), len(before) - 1)
    surroundings, text, start = around(before, fence=fence)
    surroundings.thinks = True
    place = surroundings.place(text, start)
    assert [step.name for step in place.steps] == [
        "think_removed",
        "fence_removed",
        "prose_removed",
    ]
    assert place.is_fenced
    surroundings, text, start = around(before + "print(", fence=fence)
    assert not surroundings.place(text, start).is_fenced


@pytest.mark.parametrize(
    ("before", "may_be"),
    [
        ("Here: ", False),
        ("Okay, here it is: ", False),
        ("Okay, so it is ", True),
        ("x " * 501, True),
    ],
)
def test_thinking_without_a_tag(before: str, may_be: bool):
    """Long prose, and prose that muses."""
    surroundings, text, start = around(before)
    assert surroundings.may_be_thinking(text, start) == may_be


@pytest.mark.parametrize(
    ("before", "is_named"),
    [('"c": ', True), ('1, "c" : ', True), ('In "c": ', False), ("'c':\n", True), ("c: ", False)],
)
def test_names(before: str, is_named: bool):
    """A name at the head of a line, or behind a comma, belongs to a property."""
    surroundings, text, start = around(before)
    assert surroundings.is_named(text, start) == is_named


@pytest.mark.parametrize(
    ("before", "is_inside"), [("{x ", True), ("[x} ", True), ("{x} [y] ", False)]
)
def test_brackets_of_the_prose(before: str, is_inside: bool):
    """One that is open holds what follows."""
    surroundings, text, start = around(before)
    assert surroundings.is_inside(text, start) == is_inside
