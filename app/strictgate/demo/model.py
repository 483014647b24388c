"""The demonstration model without its network: what it writes, given what it means to say.

For a schema, the document that the model has in mind, a prefix, a temper and a sample, the answer
is always the same. It goes on with a prefix as a model does: it keeps to its document where the
prefix does, and leads everything else to a valid end.
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
_LONG = 40  # characters: what is shorter ends before anything goes astray


@dataclass(frozen=True, slots=True)
class WrittenText:
    """What the model wrote; without the prefix."""

    text: str
    finish_reason: str = "stop"
    errors: tuple[TextError, ...] = ()
    is_continuation: bool = False
    """Whether `text` goes on with the prefix."""


def answer_text(
    schema: Any,
    document: Any,
    prefix: str = "",
    rates: ErrorRates | None = None,
    sample: RandomSeed | None = None,
) -> WrittenText:
    """Write `document`, or what is missing of it behind `prefix`.

    Args:
        schema: what the document is for; what differs from it in `prefix` is led to a valid end.
        document: what the model means to say.
        prefix: the beginning of the answer, which is not repeated.
        temper: how often the model goes wrong; never without it.
        sample: what chance depends on.
    """
    rates, sample = rates or ErrorRates(), sample or RandomSeed()
    begun = _begun(prefix)
    if begun is not None and sample.chance_of_call("restart") < rates.restarts:
        begun = None
    author = Writer(ErrorSampler(rates, sample), _options(schema, document, rates), prefix)
    author.rest(begun, continued_document(schema, document, begun), ())
    written = WrittenText("".join(author.parts), "stop", tuple(author.errors), begun is not None)
    if not prefix and sample.chance_of_call("wrap") < rates.wraps:
        written = surrounded(
            written, *_WRAPPERS[int(sample.chance_of_call("wrapper") * len(_WRAPPERS))]
        )
    return _astray(written, rates, sample)


def surrounded(written: WrittenText, before: str, after: str) -> WrittenText:
    """Return `written` with text around it."""
    moved = tuple(
        TextError(slip.start + len(before), slip.end + len(before), slip.right_text)
        for slip in written.errors
    )
    return replace(written, text=f"{before}{written.text}{after}", errors=moved)


def _begun(prefix: str) -> PartialJson | None:
    try:
        return parse_partial_json(prefix)
    except NotAPrefix:
        return None


def _options(schema: Any, document: Any, rates: ErrorRates) -> frozenset[Path]:
    """Return the places of values that are one of several which `schema` names."""
    if not rates.rate:
        return frozenset()
    found = schema_spots(schema, document, References(schema))
    return frozenset(spot.path for spot in found if {"enum", "const"} & spot.schema.keys())


def _astray(written: WrittenText, rates: ErrorRates, sample: RandomSeed) -> WrittenText:
    """Let the text end in newlines, or in the middle, if that is what happens."""
    text, finish = written.text, written.finish_reason
    if sample.chance_of_call("blanks") < rates.blanks and len(text) > _LONG:
        comma = text.find(",", 20 + int(sample.chance_of_call("comma") * (len(text) - 20)))
        if comma > 0:
            text, finish = text[: comma + 1] + _NEWLINES, "length"
    if sample.chance_of_call("truncates") < rates.truncates:
        text, finish = text[: 1 + int(sample.chance_of_call("end") * len(text))], "length"
    return replace(written, text=text, finish_reason=finish)
