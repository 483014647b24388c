"""About how long it takes to judge a text, estimated before it begins, in milliseconds.

Measured on one core of 2026: a guard reads 4 ms a KiB; a validator meets some 200 values in a KiB,
and needs 0.2 µs for each subschema that one of them meets. A schema that is large by itself costs
even where the text is `{}`: all that is missing is told. What is estimated here decides where a
step is computed, and nothing else; what it may cost at the most is limited elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from strictgate.core.schema.schema import Schema
from strictgate.core.wire.collector import Delta

LIGHT = 10.0
"""Milliseconds that nobody notices."""
STRETCH = 10_000
"""Units of work (core/work.py) that are done in a stretch where everybody waits for it: as much. It
ends what has turned out to be dearer than was estimated."""
SLICE = 512
"""Characters of a stream that are guarded without a pause, as the way of another request through
the event loop has several turns, each of which may meet one, …"""
WHOLE_STREAM = 24 * 1024
"""… and those from which on it is no longer guarded where everybody waits for it."""
_PER_KIB_GUARDED = 4.0
_PER_KIB_OF_INPUT = 1.0
_PER_SQUARE_OF_INPUT = 1 / 80  # `s: s s | "a"`, where every part can be read in many ways
_INPUT_FACTOR = 400  # characters of a narrow schema that one of such an input takes as long as
_PER_KIB_PARSED = 0.03
_PER_KIB_AND_SUBSCHEMA = 0.04
_PER_NODE_EXPLAINED = 0.005
_PER_PAIR_EXPLAINED = 0.0001  # each of many missing names is told with all others
_WIDE = 50  # squares of the width that double the cost of guarding: 300 options, 6 s a KiB
_PER_KIB_GROUNDED = 0.3
_PER_KIB_WALKED = 0.7  # value by value, here
_LOGPROBS_ENTRY = 50  # characters that take as long


def validation_cost(characters: int, schema: Schema) -> float:
    """Return what it takes to say of a text whether it is valid as it stands."""
    per_kib = _PER_KIB_PARSED + _PER_KIB_AND_SUBSCHEMA * schema.inspected.width
    return characters / 1024 * per_kib


def judging_cost(characters: int, schema: Schema) -> float:
    """Return what it takes to judge a text that is not valid as it stands: to search, to mend and
    to guard it, and to explain what is wrong."""
    guarded = stream_cost(characters * width_factor(schema))
    nodes = schema.inspected.nodes
    explained = nodes * _PER_NODE_EXPLAINED + nodes * nodes * _PER_PAIR_EXPLAINED
    return guarded + explained + validation_cost(characters, schema)


def nulls_cost(text: str, schema: Schema) -> float:
    """Return what it takes to find the members of `text` that are null for absent, and to see that
    it is valid without them."""
    if "null" not in text:
        return 0.0
    return len(text) / 1024 * _PER_KIB_WALKED + validation_cost(len(text), schema)


def grounding_cost(characters: int) -> float:
    """Return what it takes to see that a document says only what a text says; of both together."""
    return characters / 1024 * _PER_KIB_GROUNDED


def telling_cost(characters: int) -> float:
    """Return what it takes to tell of each value of a document whom it is from."""
    return characters / 1024 * _PER_KIB_WALKED


def input_cost(characters: int, *, is_linear: bool) -> float:
    """Return what it takes to judge inputs of custom tools by their grammars.

    Args:
        is_linear: the grammars are such that each character takes the same.
    """
    squares = 0.0 if is_linear else characters * characters * _PER_SQUARE_OF_INPUT
    return squares + characters / 1024 * _PER_KIB_OF_INPUT


def streamed_input_length(deltas: Sequence[Delta]) -> int:
    """Return how much of these deltas a grammar that is not linear has to read, in characters of a
    narrow schema."""
    return _INPUT_FACTOR * sum(len(text) for each in deltas for _, text in each.arguments)


def width_factor(schema: Schema) -> int:
    """Return how many times as long as usual it takes to guard a document of `schema`: both engines
    of the guard follow all branches of a union that are still open."""
    width: int = schema.inspected.width
    return 1 + width * width // _WIDE


def stream_cost(characters: int) -> float:
    """Return what it takes to guard that much of a stream."""
    return characters / 1024 * _PER_KIB_GUARDED


def guarded_length(deltas: Sequence[Delta]) -> int:
    """Return how much of these deltas a guard has to read, in characters."""
    return sum(
        len(each.content)
        + sum(len(text) for _, text in each.arguments)
        + _LOGPROBS_ENTRY * len(each.logprobs)
        for each in deltas
    )


def slices(deltas: Sequence[Delta]) -> Iterator[tuple[Delta, ...]]:
    """Yield `deltas` in parts of about a slice; a long one is cut, its other fields with the first
    piece of it, its end with the last. One that has log-probabilities stays whole, as they belong
    to all of its text."""
    part: list[Delta] = []
    length = 0
    for each in (piece for delta in deltas for piece in _pieces(delta)):
        size = guarded_length([each])
        if part and length + size > SLICE:
            yield tuple(part)
            part, length = [], 0
        part.append(each)
        length += size
    if part:
        yield tuple(part)


def _pieces(delta: Delta) -> Iterator[Delta]:
    if guarded_length([delta]) <= SLICE or delta.logprobs:
        yield delta
        return
    yield replace(delta, content=delta.content[:SLICE], arguments=(), finish_reason=None)
    for at in range(SLICE, len(delta.content), SLICE):
        yield Delta(delta.index, delta.content[at : at + SLICE], chunks=0)
    for call, text in delta.arguments:
        for at in range(0, max(len(text), 1), SLICE):
            piece = ((call, text[at : at + SLICE]),)
            yield Delta(delta.index, arguments=piece, names=delta.names, chunks=0)
    if delta.finish_reason:
        yield Delta(delta.index, finish_reason=delta.finish_reason)
