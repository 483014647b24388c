"""What a model name means: every behaviour, in one table.

A name is everything after the last `/`, split at `+`. The first named is the outermost: of several
refusals it speaks first, of several changes it is made last (`thinks+fenced` thinks, then gives a
fenced document).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from strictgate.demo import (
    mistakes,
    output_styles,
    prefill,
    refusals,
    runaway,
    spellings,
    transport_faults,
)
from strictgate.demo.answer import Manner, Remark, Respell, Revalue
from strictgate.demo.ask import CALLS
from strictgate.demo.error_rates import Temper, joined
from strictgate.demo.prefill import PrefillReader
from strictgate.demo.refusals import Refuse, always
from strictgate.demo.transport_faults import Deliver

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
    take: PrefillReader | None = None
    """What it goes on with."""
    loop: Respell | None = None
    temper: Temper | None = None


def _slips(percent: str) -> Behaviour:
    return Behaviour(
        f"makes a mistake in {percent}% of the values, by the seed and the messages",
        temper=Temper(float(percent) / 100),
    )


def _sticky(percent: str) -> Behaviour:
    return Behaviour(
        f"makes a mistake in {percent}% of the values; half of them again on every call, "
        "unless feedback helps, which it does 6 times in 10",
        temper=Temper(float(percent) / 100, sticky=0.5),
    )


def _weak(percent: str) -> Behaviour:
    return Behaviour(
        f"the same with {percent}%, and now and then talks, stops in the middle, writes newlines "
        "without end, or starts afresh where it should go on",
        temper=Temper(float(percent) / 100, 0.5, 0.3, 0.15, 0.1, 0.03),
    )


FAMILIES: dict[str, Callable[[str], Behaviour]] = {
    "slips": _slips,
    "sticky": _sticky,
    "weak": _weak,
}
"""Behaviours by a rate in percent, as in `slips-5` or `slips-0.3`."""
_RATE = re.compile(r"(.+)-(\d{1,2}(?:\.\d{1,3})?|100)")


BEHAVIOURS: dict[str, Behaviour] = {
    "clean": Behaviour("answers as asked"),
    CALLS: Behaviour("calls the first function where it may, until it has a result"),
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
    "ignores-schema": Behaviour("answers in prose", remark=output_styles.ignores),
    "reasoning-content": Behaviour(
        "puts the content into reasoning_content", remark=output_styles.only_reasoning
    ),
    "reasoning": Behaviour("gives reasoning_content too", remark=output_styles.reasons),
    "truncates": Behaviour("stops in the middle: length", remark=output_styles.truncates),
    "refuses": Behaviour("refuses in the field for it", remark=output_styles.refuses),
    "content-filter": Behaviour(
        "stops in the middle: content_filter", remark=output_styles.filtered
    ),
    # going on with a last message of the assistant's; under a JSON mode, none of them does
    "continues": Behaviour("goes on with a last message of the assistant's", take=prefill.trailing),
    "continues-partial": Behaviour(
        "goes on with one that says `partial: true`, as at Moonshot", take=prefill.partial
    ),
    "continues-prefix": Behaviour(
        "goes on with one that says `prefix: true`, and refuses any other, as at Mistral",
        take=prefill.prefix,
        refuse=prefill.unmarked,
    ),
    "continues-beta": Behaviour(
        "goes on with one that says `prefix: true` if asked under /beta, as at DeepSeek",
        take=prefill.beta,
    ),
    "continues-field": Behaviour(
        "goes on with one if `continue_final_message` says so, as in vLLM",
        take=prefill.field,
        refuse=prefill.both_flags,
    ),
    "echoes": Behaviour(
        "goes on with one, and says it once more, as llama.cpp's server does",
        take=prefill.trailing,
        remark=output_styles.echoes,
        refuse=prefill.twice,
    ),
    "ignores-prefill": Behaviour("accepts one, and starts afresh"),
    "refuses-prefill": Behaviour(
        "refuses one unless thinking is switched off, in llama.cpp's words",
        refuse=prefill.not_while_thinking,
    ),
    "refuses-prefill-always": Behaviour("refuses one in Anthropic's words", refuse=prefill.never),
    # mistakes at a rate; the number can be another
    **{f"{name}-5": family("5") for name, family in FAMILIES.items()},
    "spaced": Behaviour("writes a blank behind commas and colons", temper=Temper(spaced=True)),
    "blank-loop": Behaviour(
        "starts, and writes newlines to the end of its budget", loop=runaway.blanks
    ),
    "array-loop": Behaviour(
        "starts, and repeats an item to the end of its budget", loop=runaway.array
    ),
    "string-loop": Behaviour(
        "starts, and repeats words to the end of its budget", loop=runaway.string
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
    "slow": Behaviour("waits 0.2 s", deliver=transport_faults.slow),
    "stalls": Behaviour("never answers", deliver=transport_faults.stalls),
    "stalls-midway": Behaviour(
        "stops sending in the middle", deliver=transport_faults.stalls_midway
    ),
    "drops": Behaviour("resets the connection in the middle", deliver=transport_faults.drops),
    "drops-early": Behaviour("resets the connection at once", deliver=transport_faults.drops_early),
    "endless": Behaviour("sends text up to 200 MB", deliver=transport_faults.endless),
    "whitespace": Behaviour("sends blanks up to 200 MB", deliver=transport_faults.whitespace),
    # streams
    "stream-error": Behaviour(
        "breaks a stream with Groq's error event", deliver=transport_faults.stream_error
    ),
    "stream-error-inline": Behaviour(
        "breaks a stream with OpenRouter's error chunk",
        deliver=transport_faults.stream_error_inline,
    ),
    "no-done": Behaviour("ends a stream without [DONE]", deliver=transport_faults.no_done),
    "no-end": Behaviour(
        "ends a stream without finish_reason and [DONE]", deliver=transport_faults.no_end
    ),
    "crlf": Behaviour("ends the lines of a stream in CRLF", deliver=transport_faults.crlf),
    "split": Behaviour("sends a stream byte by byte", deliver=transport_faults.split),
    "trickles": Behaviour(
        "takes 5 ms for each piece of a stream", deliver=transport_faults.trickles
    ),
}


@lru_cache(1024)
def behaviour(name: str) -> Behaviour | None:
    """Return what one name stands for, with any rate."""
    rated = _RATE.fullmatch(name)
    if name not in BEHAVIOURS and rated is not None and rated[1] in FAMILIES:
        return FAMILIES[rated[1]](rated[2])
    return BEHAVIOURS.get(name)


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
    named = _given(behaviour(name) for name in names)
    if len(named) < len(names):
        return None
    inner = named[::-1]
    tempers = _given(each.temper for each in inner)
    return Conduct(
        _given(each.refuse for each in named),
        Manner(
            _given(each.value for each in inner),
            _given(each.spell for each in inner),
            _given(each.set for each in inner),
            _given(each.remark for each in inner),
            _given(each.take for each in inner),
            _given(each.loop for each in inner),
            joined(tempers) if tempers else None,
        ),
        _given(each.deliver for each in inner),
    )


def _given(changes: Iterable[Change | None]) -> tuple[Change, ...]:
    return tuple(change for change in changes if change is not None)
