"""The knobs of one request: what each may be, and what is said where it is not."""

from dataclasses import fields

import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.errors import BadRequest
from strictgate.core.repair_steps import Repair
from strictgate.core.request.options import Enforcement, RequestOptions
from strictgate.gateway.knobs import KNOBS, NOT_KNOBS, with_overrides


def test_no_knobs():
    """Without knobs all is as configured."""
    assert with_overrides(Enforcement(), None) == RequestOptions()


def test_knobs_are_turned():
    """Each knob changes its field alone."""
    rules = with_overrides(
        Enforcement(token_budget=5), {"max_attempts": 1, "repair": "off", "modes": ["prompt"]}
    )

    assert rules == RequestOptions(
        token_budget=5, max_attempts=1, repair=Repair.OFF, modes=(Mode.PROMPT,)
    )


@pytest.mark.parametrize(
    ("knobs", "param", "may_be"),
    [
        ([], "strictgate", "must be an object of knobs"),
        ({"max_attemps": 1}, "strictgate.max_attemps", "Known knobs are: formats, max_attempts,"),
        ({"max_attempts": 0}, "strictgate.max_attempts", "greater than or equal to 1"),
        ({"max_attempts": 11}, "strictgate.max_attempts", "less than or equal to 10"),
        ({"max_attempts": True}, "strictgate.max_attempts", "a valid integer"),
        ({"max_attempts": "1"}, "strictgate.max_attempts", "a valid integer"),
        ({"max_attempts": 1.0}, "strictgate.max_attempts", "a valid integer"),
        ({"repair": "all"}, "strictgate.repair", "'off', 'syntax', 'lossless' or 'lenient'"),
        ({"repair": ["off"]}, "strictgate.repair", "'off', 'syntax', 'lossless' or 'lenient'"),
        ({"think": True}, "strictgate.think", "'off', 'auto' or 'always'"),
        ({"stream": None}, "strictgate.stream", "'auto', 'guarded' or 'buffered'"),
        ({"modes": []}, "strictgate.modes", "at least 1 item"),
        ({"modes": ["json"]}, "strictgate.modes", "'native', 'json_object', 'tool' or 'prompt'"),
        ({"modes": "prompt"}, "strictgate.modes", "a valid array"),
        ({"token_budget": -1}, "strictgate.token_budget", "greater than or equal to 0"),
        ({"prompt_template": "x"}, "strictgate.prompt_template", "Known knobs are"),
        ({"capability_ttl": 1}, "strictgate.capability_ttl", "Known knobs are"),
        ({"x" * 200: 1}, "strictgate." + "x" * 100, "Known knobs are"),
    ],
)
def test_refused(knobs, param, may_be):
    """A knob that there is not, or that cannot be so, is named, with what it may be."""
    with pytest.raises(BadRequest) as refused:
        with_overrides(Enforcement(), knobs)

    assert refused.value.param == param
    assert may_be in refused.value.message


def test_every_knob_is_a_field():
    """Every field is a knob, but for those that the configuration alone says."""
    assert KNOBS.keys() | NOT_KNOBS == {field.name for field in fields(RequestOptions)}
    assert not KNOBS.keys() & NOT_KNOBS
