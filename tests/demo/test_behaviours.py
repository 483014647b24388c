"""What a model's name stands for."""

import pytest

from strictgate.demo import output_styles, spellings, transport_faults
from strictgate.demo.behaviours import BEHAVIOURS, FAMILIES, find_behaviour, model_behaviour
from strictgate.demo.error_rates import ErrorRates


def test_the_first_named_is_the_outermost():
    """It speaks first where two refuse, and is made last where two change something."""
    found = model_behaviour("demo/thinks+fenced+no-json-schema+text-only+slow+drops")
    assert found
    assert found.refusals == (
        BEHAVIOURS["no-json-schema"].refuse,
        BEHAVIOURS["text-only"].refuse,
    )
    assert found.changes.surroundings == (spellings.fenced, spellings.thinks)
    assert found.faults == (transport_faults.drops, transport_faults.slow)


def test_a_name_is_what_stands_behind_the_last_slash():
    """Of whatever vendor."""
    assert model_behaviour("a/b/truncates") == model_behaviour("truncates")
    found = model_behaviour("truncates")
    assert found
    assert found.changes.message_changes == (output_styles.truncates,)


@pytest.mark.parametrize("name", ["", "clean+", "unheard-of", "clean+unheard-of", "clean fenced"])
def test_an_unknown_name_is_no_model(name: str):
    """Nor is a name with an unknown one in it."""
    assert model_behaviour(name) is None


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("rate", "share"), [("5", 0.05), ("0.3", 0.003), ("100", 1.0)])
def test_rates(family: str, rate: str, share: float):
    """Per cent, in the name; several are combined."""
    found = find_behaviour(f"{family}-{rate}")
    assert found
    assert found.error_rates
    assert found.error_rates.rate == pytest.approx(share)
    both = model_behaviour(f"{family}-{rate}+spaced")
    assert both
    assert both.changes.error_rates
    assert (both.changes.error_rates.rate, both.changes.error_rates.spaced) == (
        pytest.approx(share),
        True,
    )


def test_clean_changes_nothing():
    """And has no error rates."""
    found = model_behaviour("clean")
    assert found
    assert (found.changes.is_plain, found.changes.error_rates) == (True, None)
    assert ErrorRates() != BEHAVIOURS["slips-5"].error_rates


def test_every_behaviour_is_described():
    """Its description is what GET /v1/models shows, and begins like a sentence's verb."""
    for name, each in BEHAVIOURS.items():
        assert each.description, name
        assert not each.description.endswith("."), name
