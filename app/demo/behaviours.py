"""What a model name means: every behaviour, in one table.

A name is everything after the last `/`, split at `+`. The first named is the outermost: of several
refusals it speaks first, of several changes it is made last (`thinks+fenced` thinks, then gives a
fenced document).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from app.demo import deliveries, mistakes, refusals, remarks, spellings
from app.demo.answer import Manner, Remark, Respell, Revalue
from app.demo.deliveries import Deliver
from app.demo.refusals import Refuse, always

Change = TypeVar("Change")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What one name changes; most change one thing."""

    description: str
    refuse: Refuse | None = None
    value: Revalue | None = None
    spell: Respell | None = None
    """How the document is written."""
    set: Respell | None = None
    """What stands around the document."""
    remark: Remark | None = None
    deliver: Deliver | None = None


BEHAVIOURS: dict[str, Behaviour] = {
    "clean": Behaviour("answers as asked"),
    # requests that are refused
    "no-json-schema": Behaviour(
        "refuses json_schema in Groq's words", refuse=refusals.no_json_schema
    ),
    "no-json-object": Behaviour(
        "refuses json_object in LM Studio's words", refuse=refusals.no_json_object
    ),
    "text-only": Behaviour("refuses response_format and tools", refuse=refusals.text_only),
    "no-tools": Behaviour("refuses tools in Groq's words", refuse=refusals.no_tools),
    "no-json-with-tools": Behaviour(
        "refuses response_format together with tools", refuse=refusals.no_json_with_tools
    ),
    "no-json-with-stream": Behaviour(
        "refuses response_format together with stream", refuse=refusals.no_json_with_stream
    ),
    "json-schema-unavailable": Behaviour(
        "refuses json_schema in DeepSeek's words", refuse=refusals.unavailable
    ),
    "moonshot-dialect": Behaviour(
        "refuses schemas with `default` or `$schema` in Moonshot's words",
        refuse=refusals.moonshot_dialect,
    ),
    "needs-json-word": Behaviour(
        "refuses json_object where no message says json", refuse=refusals.needs_json_word
    ),
    "rejects-unknown": Behaviour(
        "refuses fields that OpenAI does not know", refuse=refusals.rejects_unknown
    ),
    "one-choice": Behaviour("refuses n other than 1", refuse=refusals.one_choice),
    # documents that are wrong
    "wrong-enum": Behaviour(
        "gives an option that is not allowed", value=mistakes.making(mistakes.option)
    ),
    "wrong-case-enum": Behaviour(
        "gives an option in another case", value=mistakes.making(mistakes.case)
    ),
    "missing-field": Behaviour(
        "leaves a required property out", value=mistakes.making(mistakes.missing)
    ),
    "wrong-type": Behaviour(
        "gives a value of another type",
        value=mistakes.making(mistakes.type_of_leaf, mistakes.type_of_value),
    ),
    "extra-field": Behaviour("adds a property", value=mistakes.extra_field),
    "quoted-numbers": Behaviour("gives numbers as strings", value=mistakes.quoted_numbers),
    "wrapped-in-array": Behaviour(
        "puts the document in an array", value=lambda value, ask, index: [value]
    ),
    "unwrapped": Behaviour("leaves the wrapper `value` off", value=mistakes.unwrapped),
    "wrong-once": Behaviour("is wrong until asked again", value=mistakes.wrong_until(1)),
    "wrong-twice": Behaviour("is wrong until asked a third time", value=mistakes.wrong_until(2)),
    "one-bad-choice": Behaviour(
        "gets the last of several choices wrong, once", value=mistakes.last_choice_wrong
    ),
    # text that is not quite JSON
    "trailing-comma": Behaviour("writes a trailing comma", spell=spellings.trailing_comma),
    "python-literals": Behaviour("writes True, False, None", spell=spellings.python_literals),
    "single-quotes": Behaviour("writes single quotes", spell=spellings.single_quotes),
    "comments": Behaviour("writes comments", spell=spellings.comments),
    "duplicate-key": Behaviour("gives a property twice", spell=spellings.duplicate_key),
    "nan": Behaviour("writes NaN for a value", spell=spellings.nan),
    "fenced": Behaviour("puts the document in a fence", set=spellings.fenced),
    "prose": Behaviour("talks before and after the document", set=spellings.prose),
    "thinks": Behaviour("thinks aloud in <think> tags", set=spellings.thinks),
    "several-objects": Behaviour("gives a draft first", set=spellings.several_objects),
    # messages
    "ignores-schema": Behaviour("answers in prose", remark=remarks.ignores),
    "reasoning-content": Behaviour(
        "puts the content into reasoning_content", remark=remarks.only_reasoning
    ),
    "reasoning": Behaviour("gives reasoning_content too", remark=remarks.reasons),
    "truncates": Behaviour("stops in the middle: length", remark=remarks.truncates),
    "refuses": Behaviour("refuses in the field for it", remark=remarks.refuses),
    "content-filter": Behaviour("stops in the middle: content_filter", remark=remarks.filtered),
    "continues": Behaviour(
        "goes on with a last message of the assistant's", remark=remarks.continues
    ),
    # an upstream that validates, as Groq does
    "groq-invalid": Behaviour(
        "is always wrong, and its host says json_validate_failed or tool_use_failed",
        refuse=refusals.validates,
        value=mistakes.making(mistakes.option, *mistakes.WRONG),
    ),
    "groq-invalid-once": Behaviour(
        "the same until asked again",
        refuse=refusals.validates_once,
    ),
    "groq-truncated": Behaviour(
        "its host says that the budget ended first", refuse=refusals.runs_out
    ),
    # no answer, or none that makes sense
    "html": Behaviour("502 with a web page", refuse=always(refusals.HTML)),
    "html-200": Behaviour("200 with a web page", refuse=always(refusals.HTML_200)),
    "not-json": Behaviour("200 with broken JSON", refuse=always(refusals.NOT_JSON)),
    "empty": Behaviour("200 with nothing", refuse=always(refusals.EMPTY)),
    "no-choices": Behaviour("200 without choices", refuse=refusals.no_choices),
    "redirect": Behaviour("307 to another place", refuse=always(refusals.REDIRECT)),
    "401": Behaviour("401 for the key", refuse=always(refusals.UNAUTHORIZED)),
    "429": Behaviour("429 with retry-after", refuse=always(refusals.RATE_LIMIT)),
    "500": Behaviour("500 from the server", refuse=always(refusals.SERVER_ERROR)),
    "503": Behaviour("503 for overload", refuse=always(refusals.UNAVAILABLE)),
    "slow": Behaviour("waits 0.2 s", deliver=deliveries.slow),
    "stalls": Behaviour("never answers", deliver=deliveries.stalls),
    "stalls-midway": Behaviour("stops sending in the middle", deliver=deliveries.stalls_midway),
    "drops": Behaviour("resets the connection in the middle", deliver=deliveries.drops),
    "drops-early": Behaviour("resets the connection at once", deliver=deliveries.drops_early),
    "endless": Behaviour("sends text up to 200 MB", deliver=deliveries.endless),
    "whitespace": Behaviour("sends blanks up to 200 MB", deliver=deliveries.whitespace),
    # streams
    "stream-error": Behaviour(
        "breaks a stream with Groq's error event", deliver=deliveries.stream_error
    ),
    "stream-error-inline": Behaviour(
        "breaks a stream with OpenRouter's error chunk", deliver=deliveries.stream_error_inline
    ),
    "no-done": Behaviour("ends a stream without [DONE]", deliver=deliveries.no_done),
    "no-end": Behaviour(
        "ends a stream without finish_reason and [DONE]", deliver=deliveries.no_end
    ),
    "crlf": Behaviour("ends the lines of a stream in CRLF", deliver=deliveries.crlf),
    "split": Behaviour("sends a stream byte by byte", deliver=deliveries.split),
}


@dataclass(frozen=True, slots=True)
class Conduct:
    """All that a model name changes, in the order in which it is done."""

    refusals: tuple[Refuse, ...]
    manner: Manner
    deliveries: tuple[Deliver, ...]


@lru_cache(1024)
def conduct(model: str) -> Conduct | None:
    """Return what `model` stands for; None where a name in it is unknown."""
    names = model.rpartition("/")[2].split("+")
    if not all(name in BEHAVIOURS for name in names):
        return None
    named = [BEHAVIOURS[name] for name in names]
    inner = named[::-1]
    return Conduct(
        _given(each.refuse for each in named),
        Manner(
            _given(each.value for each in inner),
            _given(each.spell for each in inner),
            _given(each.set for each in inner),
            _given(each.remark for each in inner),
        ),
        _given(each.deliver for each in inner),
    )


def _given(changes: Iterable[Change | None]) -> tuple[Change, ...]:
    return tuple(change for change in changes if change is not None)
