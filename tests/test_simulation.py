"""The simulation of docs/guard.md, small: the same at every run."""

import pytest

from tests.simulation import ORDER, STRATEGIES, TICKET, order, simulate, ticket

BY_NAME = {strategy.name: strategy for strategy in STRATEGIES}


def tally(name, make, schema, rate, count):
    return simulate(BY_NAME[name], make, schema, rate, count)


@pytest.mark.parametrize("name", [strategy.name for strategy in STRATEGIES])
def test_what_comes_is_valid(name):
    """Whatever the strategy: a document that comes is valid, and nothing given is taken back."""
    small, large = tally(name, ticket, TICKET, 0.08, 12), tally(name, order, ORDER, 0.05, 6)
    assert small.valid >= 6  # some come, whatever the strategy
    assert (small.invalid, large.invalid) == (0, 0)
    assert (small.taken_back, large.taken_back) == (0, 0)


def test_going_on_beats_starting_anew():
    """More documents, in fewer characters."""
    for make, schema, rate in ((ticket, TICKET, 0.08), (order, ORDER, 0.03)):
        anew = tally("mends, restart ×3", make, schema, rate, 20)
        on = tally("go on", make, schema, rate, 20)
        assert on.valid > anew.valid
        assert on.characters < anew.characters


def test_streaming_costs_little():
    """What is out cannot be taken back, and yet nearly as much comes right."""
    streamed = tally("go on, streamed", order, ORDER, 0.03, 20)
    assert streamed.valid >= tally("go on", order, ORDER, 0.03, 20).valid - 2


def test_liars_are_left():
    """A model that starts anew from every prefix is no worse off than one that has none."""
    liar = tally("go on, prefixes ignored", ticket, TICKET, 0.08, 30)
    assert liar.valid >= tally("mends, restart ×3", ticket, TICKET, 0.08, 30).valid
