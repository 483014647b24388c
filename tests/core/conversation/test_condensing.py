"""What is left of an outcome where it leaves the conversation."""

import json

from strictgate.core.conversation.attempt_log import MAX_REPAIRS
from strictgate.core.conversation.condensing import MAX_RANGES, condense, condensed
from strictgate.core.conversation.judging_cost import LIGHT
from strictgate.core.conversation.protocol import Outcome
from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, edited
from strictgate.core.repair_steps import LosslessRepair, Step
from strictgate.core.request.options import Provenance

NUMBER = LosslessRepair.STRING_TO_NUMBER


def outcome(count):
    """Of a list of numbers, each of which was in quotes."""
    text = json.dumps({"v": [*range(count)]})
    written = json.dumps({"v": [*map(str, range(count))]})
    steps = tuple((0, Step(NUMBER, f"/v/{at}")) for at in range(count))
    origins = edited(written.encode(), text.encode())
    body = {"choices": [{"message": {"content": text}}]}
    return Outcome(body, steps, {}, {0: origins})


def test_what_is_little_stays():
    """The outcome itself, where nothing is told of it."""
    few = outcome(3)
    assert condensed(few, Provenance.OFF) is few


def test_what_is_much_is_counted():
    """The first repairs and ranges stay; what is told of the origins is of all of them."""
    many = outcome(2000)
    kept = condensed(many, Provenance.COUNTS)

    assert kept.steps == many.steps[:MAX_REPAIRS]
    assert kept.more_steps == ((NUMBER, 2000 - MAX_REPAIRS),)
    assert kept.origins[0].ranges == many.origins[0].ranges[:MAX_RANGES]
    counts = {origin.value: count for origin, count in many.origins[0].counts().items()}
    assert kept.provenance == ({"choice": 0, "bytes": counts},)
    assert sum(counts.values()) == len(many.body["choices"][0]["message"]["content"])
    assert kept.body is many.body


def test_what_takes_long_is_said_first():
    """To tell of each value of a long document; to count is nothing."""
    long = outcome(20_000)
    assert not [*condense(long, Provenance.COUNTS)]
    (heavy,) = condense(long, Provenance.PATHS)
    assert heavy.cost > LIGHT
    assert not [*condense(outcome(9), Provenance.PATHS)]


def test_what_is_the_models_own_is_not_told():
    """But where the caller asks for every path."""
    own = Outcome({"choices": [{"message": {"content": "[1]"}}]}, (), {}, {0: OWN})
    assert condensed(own, Provenance.COUNTS).provenance == ()
    (told,) = condensed(own, Provenance.PATHS).provenance
    assert told["bytes"] == {"model": 3}


OWN = DocumentOrigins.of(ByteOrigin.MODEL, 3)
