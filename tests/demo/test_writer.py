"""Writing a document: fresh, or behind what stands; right, or with its slips on record."""

import json
from typing import Any

import pytest

from strictgate.demo.error_rates import ErrorRates, ErrorSampler, RandomSeed
from strictgate.demo.partial_json_reader import parse_partial_json
from strictgate.demo.writer import Writer

DOCUMENT = {"name": "Ann", "tags": ["a", {"b": None}], "age": 7}


def written(value: Any, rates: ErrorRates, prefix: str = "", seed: str = "") -> Writer:
    writer = Writer(ErrorSampler(rates, RandomSeed(seed)), frozenset(), prefix)
    writer.write_rest(parse_partial_json(prefix), value, ())
    return writer


@pytest.mark.parametrize("spaced", [False, True])
def test_every_rest_makes_the_document(spaced: bool):
    """Behind any beginning of it, with blanks or without."""
    whole = "".join(written(DOCUMENT, ErrorRates(spaced=spaced)).parts)
    assert json.loads(whole) == DOCUMENT
    assert (" " in whole) is spaced
    for cut in range(len(whole)):
        rest = "".join(written(DOCUMENT, ErrorRates(spaced=spaced), whole[:cut]).parts)
        assert whole[:cut] + rest == whole


def test_slips_say_what_was_right():
    """Each replaces what would have stood there; undone, the document is the one that was meant."""
    made = 0
    for seed in map(str, range(60)):
        writer = written(DOCUMENT, ErrorRates(rate=0.3), seed=seed)
        text = "".join(writer.parts)
        for slip in reversed(writer.errors):
            text = text[: slip.start] + slip.right_text + text[slip.end :]
        made += len(writer.errors)
        assert text.replace(",", "") == json.dumps(DOCUMENT, separators=("", ":")), seed
    assert made > 30


def test_without_a_rate_nothing_slips():
    """Whatever the value."""
    assert written(DOCUMENT, ErrorRates()).errors == []


@pytest.mark.parametrize(
    ("prefix", "rest"),
    [
        ('{"name":', '"Ann","tags":["a",{"b":null}],"age":7}'),
        ('{"age"', ':7,"name":"Ann","tags":["a",{"b":null}]}'),
        ('{"tags":["x"', ',{"b":null}],"name":"Ann","age":7}'),
        ('{"name":"B', '","tags":["a",{"b":null}],"age":7}'),
    ],
)
def test_the_rest_is_in_the_documents_order(prefix: str, rest: str):
    """What stands already is not written again; what begins otherwise is ended there."""
    assert "".join(written(DOCUMENT, ErrorRates(), prefix).parts) == rest
