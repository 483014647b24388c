"""The demonstration model without its network: what it writes, given what it means to say.

For a schema, the document that the model has in mind, a prefix, a temper and a sample, the answer
is always the same. It goes on with a prefix as a model does: it keeps to its document where the
prefix does, and leads everything else to a valid end.
"""

from dataclasses import dataclass, replace
from typing import Any

from strictgate.demo.continuation import meant
from strictgate.demo.error_rates import Path, Sample, Slips, Temper
from strictgate.demo.mistakes import spots
from strictgate.demo.partial_json import Begun
from strictgate.demo.partial_json_reader import NotAPrefix, begin
from strictgate.demo.references import References
from strictgate.demo.writer import Slip, Writer

_WRAPPERS = (
    ("Here is the JSON you asked for:\n\n```json\n", "\n```\nLet me know if you need {anything}!"),
    ("```json\n", "\n```"),
    ("Sure! {ok}\n", "\n"),
    ('<think>The user wants {"a": 1}? I will fill it.</think>\n', ""),
)
_NEWLINES = "\n" * 600
_LONG = 40  # characters: what is shorter ends before anything goes astray


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote; without the prefix."""

    text: str
    finish_reason: str = "stop"
    slips: tuple[Slip, ...] = ()
    continued: bool = False
    """Whether `text` goes on with the prefix."""


def answer_text(
    schema: Any,
    document: Any,
    prefix: str = "",
    temper: Temper | None = None,
    sample: Sample | None = None,
) -> Written:
    """Write `document`, or what is missing of it behind `prefix`.

    Args:
        schema: what the document is for; what differs from it in `prefix` is led to a valid end.
        document: what the model means to say.
        prefix: the beginning of the answer, which is not repeated.
        temper: how often the model goes wrong; never without it.
        sample: what chance depends on.
    """
    temper, sample = temper or Temper(), sample or Sample()
    begun = _begun(prefix)
    if begun is not None and sample.of_call("restart") < temper.restarts:
        begun = None
    author = Writer(Slips(temper, sample), _options(schema, document, temper), prefix)
    author.rest(begun, meant(schema, document, begun), ())
    written = Written("".join(author.parts), "stop", tuple(author.slips), begun is not None)
    if not prefix and sample.of_call("wrap") < temper.wraps:
        written = wrapped(written, *_WRAPPERS[int(sample.of_call("wrapper") * len(_WRAPPERS))])
    return _astray(written, temper, sample)


def wrapped(written: Written, before: str, after: str) -> Written:
    """Return `written` with text around it."""
    moved = tuple(
        Slip(slip.start + len(before), slip.end + len(before), slip.instead)
        for slip in written.slips
    )
    return replace(written, text=f"{before}{written.text}{after}", slips=moved)


def _begun(prefix: str) -> Begun | None:
    try:
        return begin(prefix)
    except NotAPrefix:
        return None


def _options(schema: Any, document: Any, temper: Temper) -> frozenset[Path]:
    """Return the places of values that are one of several which `schema` names."""
    if not temper.rate:
        return frozenset()
    found = spots(schema, document, References(schema))
    return frozenset(spot.path for spot in found if {"enum", "const"} & spot.schema.keys())


def _astray(written: Written, temper: Temper, sample: Sample) -> Written:
    """Let the text end in newlines, or in the middle, if that is what happens."""
    text, finish = written.text, written.finish_reason
    if sample.of_call("blanks") < temper.blanks and len(text) > _LONG:
        comma = text.find(",", 20 + int(sample.of_call("comma") * (len(text) - 20)))
        if comma > 0:
            text, finish = text[: comma + 1] + _NEWLINES, "length"
    if sample.of_call("truncates") < temper.truncates:
        text, finish = text[: 1 + int(sample.of_call("end") * len(text))], "length"
    return replace(written, text=text, finish_reason=finish)
