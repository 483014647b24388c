"""The demonstration model without a network: the text that it writes for a document in mind.

The text depends on nothing but the arguments of `answer_text`. The model continues a prefix as real
models do: where the prefix agrees with the document in mind, it goes on with that document, and
where it differs, it leads what has been begun to a valid end.
"""

from dataclasses import dataclass, replace
from typing import Any

from strictgate.demo.continuation import continued_document
from strictgate.demo.error_rates import ErrorRates, ErrorSampler, Path, RandomSeed
from strictgate.demo.mistakes import schema_spots
from strictgate.demo.partial_json import PartialJson
from strictgate.demo.partial_json_reader import NotAPrefix, parse_partial_json
from strictgate.demo.references import References
from strictgate.demo.writer import TextError, Writer

_WRAPPERS = (
    ("Here is the JSON you asked for:\n\n```json\n", "\n```\nLet me know if you need {anything}!"),
    ("```json\n", "\n```"),
    ("Sure! {ok}\n", "\n"),
    ('<think>The user wants {"a": 1}? I will fill it.</think>\n', ""),
)
_NEWLINES = "\n" * 600
_LONG = 40
"""Characters: a shorter text ends before it can end in newlines."""


@dataclass(frozen=True, slots=True)
class WrittenText:
    """What the model wrote, without the prefix."""

    text: str
    finish_reason: str = "stop"
    errors: tuple[TextError, ...] = ()
    is_continuation: bool = False
    """Whether `text` continues the prefix, and is no fresh document."""


def answer_text(
    schema: Any,
    document: Any,
    prefix: str = "",
    rates: ErrorRates | None = None,
    seed: RandomSeed | None = None,
) -> WrittenText:
    """Write `document`, or the part of it that is missing after `prefix`.

    Args:
        schema: the schema that the document was made for.
        document: the document that the model has in mind.
        prefix: the beginning of the answer, which is not repeated. What cannot be the beginning of
            a JSON document is ignored.
        rates: how often the model makes mistakes; without them, never.
        seed: what its random numbers are made of.
    """
    rates, seed = rates or ErrorRates(), seed or RandomSeed()
    partial = _begun(prefix)
    if partial is not None and seed.chance_of_call("restart") < rates.restarts:
        partial = None
    writer = Writer(ErrorSampler(rates, seed), _option_paths(schema, document, rates), prefix)
    writer.write_rest(partial, continued_document(schema, document, partial), ())
    written = WrittenText("".join(writer.parts), "stop", tuple(writer.errors), partial is not None)
    if not prefix and seed.chance_of_call("wrap") < rates.wraps:
        number = int(seed.chance_of_call("wrapper") * len(_WRAPPERS))
        written = surrounded(written, *_WRAPPERS[number])
    return _with_bad_end(written, rates, seed)


def surrounded(written: WrittenText, before: str, after: str) -> WrittenText:
    """Return `written` with text around it."""
    moved = tuple(
        TextError(error.start + len(before), error.end + len(before), error.right_text)
        for error in written.errors
    )
    return replace(written, text=f"{before}{written.text}{after}", errors=moved)


def _begun(prefix: str) -> PartialJson | None:
    try:
        return parse_partial_json(prefix)
    except NotAPrefix:
        return None


def _option_paths(schema: Any, document: Any, rates: ErrorRates) -> frozenset[Path]:
    """Return the paths of the values for which the schema has an `enum` or a `const`."""
    if not rates.rate:
        return frozenset()
    found = schema_spots(schema, document, References(schema))
    return frozenset(spot.path for spot in found if {"enum", "const"} & spot.schema.keys())


def _with_bad_end(written: WrittenText, rates: ErrorRates, seed: RandomSeed) -> WrittenText:
    """Let the text end in newlines, or in the middle, if the rates say so."""
    text, finish_reason = written.text, written.finish_reason
    if seed.chance_of_call("blanks") < rates.blanks and len(text) > _LONG:
        comma = text.find(",", 20 + int(seed.chance_of_call("comma") * (len(text) - 20)))
        if comma > 0:
            text, finish_reason = text[: comma + 1] + _NEWLINES, "length"
    if seed.chance_of_call("truncates") < rates.truncates:
        text, finish_reason = text[: 1 + int(seed.chance_of_call("end") * len(text))], "length"
    return replace(written, text=text, finish_reason=finish_reason)
