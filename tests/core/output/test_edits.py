"""Edits by span."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.jsontext.spans import locate_values
from strictgate.core.output.edits import Edit, apply, disagree, removal, settled
from strictgate.core.repair_steps import Step

STEP = Step("step")


def edit(start: int, end: int, text: str = "x") -> Edit:
    return Edit(start, end, text, STEP)


@pytest.mark.parametrize(
    ("edits", "kept"),
    [
        ([edit(5, 6), edit(0, 1)], [edit(0, 1), edit(5, 6)]),
        ([edit(0, 1), edit(0, 1)], [edit(0, 1)]),
        ([edit(0, 1, "x"), edit(0, 1, "y"), edit(2, 3)], [edit(2, 3)]),
        ([edit(2, 3), edit(0, 9)], [edit(0, 9)]),
        ([edit(0, 2), edit(2, 4)], [edit(0, 2), edit(2, 4)]),
    ],
)
def test_settled(edits: list[Edit], kept: list[Edit]):
    """Edits of the same span agree or fall, and outer ones go before inner ones."""
    assert settled(edits) == tuple(kept)


def test_disagree():
    """Only different texts for one span are a disagreement."""
    assert disagree([edit(0, 1, "x"), edit(0, 1, "y")])
    assert not disagree([edit(0, 1), edit(0, 1), edit(0, 2)])


def test_apply():
    """What lies between the edits stays."""
    assert apply("abcdef", [edit(0, 1, ""), edit(2, 4, "XYZ")]) == "bXYZef"


@given(st.lists(st.text(max_size=3), unique=True, max_size=6), st.data())
def test_removal(names: list[str], data: st.DataObject):
    """Any members can be taken out of an object, and the rest stays as it is."""
    text = json.dumps({name: [name] for name in names}, indent=1)
    gone = set(data.draw(st.lists(st.sampled_from(names)))) if names else set()
    edits = removal(locate_values(text, [()])[()], gone, dict.fromkeys(gone, STEP))
    left = json.loads(apply(text, settled(edits)))
    assert list(left) == [name for name in names if name not in gone]
