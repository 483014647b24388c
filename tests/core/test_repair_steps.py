"""The names of the steps, and the order of the levels."""

import json
from itertools import combinations_with_replacement

from strictgate.core.repair_steps import (
    Extraction,
    LenientRepair,
    LosslessRepair,
    Repair,
    Step,
    SyntaxRepair,
    distinct_steps,
)


def test_each_level_includes_those_before_it():
    """off < syntax < lossless < lenient."""
    for lower, higher in combinations_with_replacement(Repair, 2):
        assert higher.includes(lower)
        assert lower.includes(higher) == (lower is higher)


def test_names_are_distinct_words():
    """A name means one step, and is written as it is."""
    found = [
        name for kind in (Extraction, SyntaxRepair, LosslessRepair, LenientRepair) for name in kind
    ]
    assert len(set(map(str, found))) == len(found)
    assert json.dumps(Step(LosslessRepair.NAME).name) == '"property_name"'


def test_steps_on_the_spelling_are_told_once():
    """For the whole document; those on the data each with its place."""
    spelling = [Step(SyntaxRepair.QUOTES), Step(SyntaxRepair.QUOTES, "/a")]
    data = [Step(LosslessRepair.NAME, "/a"), Step(LosslessRepair.NAME, "/b")]
    assert distinct_steps([*spelling, *data, *data]) == (Step(SyntaxRepair.QUOTES), *data)
