"""What a model's name stands for."""

import pytest

from strictgate.demo import output_styles, spellings, transport_faults
from strictgate.demo.behaviours import BEHAVIOURS, FAMILIES, behaviour, conduct
from strictgate.demo.error_rates import Temper


def test_the_first_named_is_the_outermost():
    """It speaks first where two refuse, and is made last where two change something."""
    found = conduct("demo/thinks+fenced+no-json-schema+text-only+slow+drops")
    assert found
    assert found.refusals == (
        BEHAVIOURS["no-json-schema"].refuse,
        BEHAVIOURS["text-only"].refuse,
    )
    assert found.manner.settings == (spellings.fenced, spellings.thinks)
    assert found.deliveries == (transport_faults.drops, transport_faults.slow)


def test_a_name_is_what_stands_behind_the_last_slash():
    """Of whatever vendor."""
    assert conduct("a/b/truncates") == conduct("truncates")
    found = conduct("truncates")
    assert found
    assert found.manner.messages == (output_styles.truncates,)


@pytest.mark.parametrize("name", ["", "clean+", "unheard-of", "clean+unheard-of", "clean fenced"])
def test_an_unknown_name_is_no_model(name: str):
    """Nor is a name with an unknown one in it."""
    assert conduct(name) is None


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("rate", "share"), [("5", 0.05), ("0.3", 0.003), ("100", 1.0)])
def test_rates(family: str, rate: str, share: float):
    """Per cent, in the name; several make one temper."""
    found = behaviour(f"{family}-{rate}")
    assert found
    assert found.temper
    assert found.temper.rate == pytest.approx(share)
    both = conduct(f"{family}-{rate}+spaced")
    assert both
    assert both.manner.temper
    assert (both.manner.temper.rate, both.manner.temper.spaced) == (pytest.approx(share), True)


def test_clean_changes_nothing():
    """And has no temper."""
    found = conduct("clean")
    assert found
    assert (found.manner.is_plain, found.manner.temper) == (True, None)
    assert Temper() != BEHAVIOURS["slips-5"].temper


def test_every_behaviour_is_described():
    """Its description is what GET /v1/models shows, and begins like a sentence's verb."""
    for name, each in BEHAVIOURS.items():
        assert each.description, name
        assert not each.description.endswith("."), name
