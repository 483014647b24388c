"""The knobs of one request."""

import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.errors import BadRequest
from strictgate.core.repair_steps import Repair
from strictgate.core.request.options import KNOBS, Enforcement, with_overrides


def test_no_knobs():
    """Without knobs all is as configured."""
    assert with_overrides(Enforcement(), None) == Enforcement()


def test_knobs_are_turned():
    """Each knob changes its field alone."""
    rules = with_overrides(
        Enforcement(token_budget=5), {"max_attempts": 1, "repair": "off", "modes": ["prompt"]}
    )

    assert rules == Enforcement(
        token_budget=5, max_attempts=1, repair=Repair.OFF, modes=(Mode.PROMPT,)
    )


@pytest.mark.parametrize(
    ("knobs", "param"),
    [
        ([], "strictgate"),
        ({"max_attemps": 1}, "strictgate.max_attemps"),
        ({"max_attempts": 0}, "strictgate.max_attempts"),
        ({"max_attempts": 11}, "strictgate.max_attempts"),
        ({"max_attempts": True}, "strictgate.max_attempts"),
        ({"max_attempts": "1"}, "strictgate.max_attempts"),
        ({"repair": "all"}, "strictgate.repair"),
        ({"repair": ["off"]}, "strictgate.repair"),
        ({"stream": None}, "strictgate.stream"),
        ({"modes": []}, "strictgate.modes"),
        ({"modes": ["json"]}, "strictgate.modes"),
        ({"modes": "prompt"}, "strictgate.modes"),
        ({"token_budget": -1}, "strictgate.token_budget"),
        ({"prompt_template": "x"}, "strictgate.prompt_template"),
    ],
)
def test_refused(knobs, param):
    """A knob that there is not, or that cannot be so, is named, with what it may be."""
    with pytest.raises(BadRequest) as refused:
        with_overrides(Enforcement(), knobs)

    assert refused.value.param == param


def test_every_knob_is_a_field():
    """No knob turns nothing."""
    assert set(KNOBS) <= set(Enforcement.__slots__)
