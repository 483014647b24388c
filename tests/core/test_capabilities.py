"""Modes and capabilities."""

import pytest

from strictgate.core.capabilities import LADDER, Capabilities, Mode


def test_the_ladder_holds_every_mode():
    """Each mode has its place, and the defaults try them all."""
    assert set(LADDER) == set(Mode)
    assert Capabilities().modes == LADDER


def test_only_prompt_mode_can_have_any_root():
    """JSON modes and function calls yield objects."""
    assert [mode for mode in Mode if not mode.yields_objects_only] == [Mode.PROMPT]


@pytest.mark.parametrize(
    ("known", "limits"),
    [
        ({}, False),
        ({"modes": (Mode.PROMPT,)}, False),
        ({"dialect": "groq"}, True),
        ({"refused_keywords": ("pattern",)}, True),
        ({"plain_modes": (Mode.NATIVE,)}, True),
    ],
)
def test_what_is_known_of_schemas(known, limits):
    """A dialect, a word that was refused, or a mode that takes the plainest alone."""
    assert Capabilities(**known).limits_schemas is limits
