"""What a model name means: the table of all behaviours.

A model name is everything after the last `/`, and consists of behaviours joined by `+`. The first
behaviour is the outermost: its refusal comes before other refusals, and its change of the answer is
made after other changes. So `thinks+fenced` thinks, and then gives a fenced document.
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
from strictgate.demo.answer import AnswerChanges, DocumentChange, MessageChange, TextChange
from strictgate.demo.chat_request import CALLS
from strictgate.demo.dialects import HOSTS, refuse_dialect
from strictgate.demo.error_rates import ErrorRates, combined_rates
from strictgate.demo.prefill import PrefillReader
from strictgate.demo.refusals import Refuse, always
from strictgate.demo.transport_faults import TransportFault

Change = TypeVar("Change")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What one name changes; most change one thing."""

    description: str
    """What the model does, for `GET /v1/models`: a verb and what follows it."""
    refuse: Refuse | None = None
    """It refuses requests."""
    change_document: DocumentChange | None = None
    """It means another document."""
    change_spelling: TextChange | None = None
    """It writes the document in another way."""
    surround: TextChange | None = None
    """It puts something around the document."""
    change_message: MessageChange | None = None
    """It does something else with the text."""
    fault: TransportFault | None = None
    """Something goes wrong on the way."""
    read_prefill: PrefillReader | None = None
    """It continues a prefix."""
    run_away: TextChange | None = None
    """It does not come to an end."""
    error_rates: ErrorRates | None = None
    """It makes mistakes at random."""


def _slips(percent: str) -> Behaviour:
    return Behaviour(
        f"makes a mistake in {percent}% of the values, by the seed and the messages",
        error_rates=ErrorRates(float(percent) / 100),
    )


def _sticky(percent: str) -> Behaviour:
    return Behaviour(
        f"makes a mistake in {percent}% of the values; half of them again on every call, "
        "unless feedback helps, which it does 6 times in 10",
        error_rates=ErrorRates(float(percent) / 100, sticky=0.5),
    )


def _weak(percent: str) -> Behaviour:
    return Behaviour(
        f"makes a mistake in {percent}% of the values, half of them again on every call, and now "
        "and then talks, stops in the middle, writes newlines without end, or starts afresh where "
        "it should go on",
        error_rates=ErrorRates(float(percent) / 100, 0.5, 0.3, 0.15, 0.1, 0.03),
    )


FAMILIES: dict[str, Callable[[str], Behaviour]] = {
    "slips": _slips,
    "sticky": _sticky,
    "weak": _weak,
}
"""The behaviours with a rate in percent, as in `slips-5` or `slips-0.3`."""
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
    **{
        f"{name}-schemas": Behaviour(
            f"takes of JSON Schema what {name} takes in its native mode, and refuses the rest in "
            "its words",
            refuse=refuse_dialect(rules),
        )
        for name, rules in HOSTS.items()
    },
    "needs-json-word": Behaviour(
        "refuses json_object where no message says json", refuse=refusals.needs_json_word
    ),
    "rejects-unknown": Behaviour(
        "refuses fields that OpenAI does not know", refuse=refusals.rejects_unknown
    ),
    "one-choice": Behaviour("refuses n other than 1", refuse=refusals.one_choice),
    # documents that are wrong
    "wrong-enum": Behaviour(
        "gives an option that is not allowed",
        change_document=mistakes.mistake_change(mistakes.wrong_option),
    ),
    "wrong-case-enum": Behaviour(
        "gives an option in another case",
        change_document=mistakes.mistake_change(mistakes.wrong_case),
    ),
    "missing-field": Behaviour(
        "leaves a required property out",
        change_document=mistakes.mistake_change(mistakes.missing_property),
    ),
    "wrong-type": Behaviour(
        "gives a value of another type",
        change_document=mistakes.mistake_change(mistakes.wrong_type_of_leaf, mistakes.wrong_type),
    ),
    "extra-field": Behaviour("adds a property", change_document=mistakes.added_property),
    "quoted-numbers": Behaviour(
        "gives numbers as strings", change_document=mistakes.quoted_numbers
    ),
    "wrapped-in-array": Behaviour(
        "puts the document in an array", change_document=lambda value, request, index: [value]
    ),
    "unwrapped": Behaviour("leaves the wrapper `value` off", change_document=mistakes.unwrapped),
    "wrong-once": Behaviour("is wrong until asked again", change_document=mistakes.wrong_until(1)),
    "wrong-twice": Behaviour(
        "is wrong until asked a third time", change_document=mistakes.wrong_until(2)
    ),
    "one-bad-choice": Behaviour(
        "gets the last of several choices wrong, once", change_document=mistakes.wrong_last_choice
    ),
    # text that is not quite JSON
    "trailing-comma": Behaviour(
        "writes a trailing comma", change_spelling=spellings.trailing_comma
    ),
    "python-literals": Behaviour(
        "writes True, False, None", change_spelling=spellings.python_literals
    ),
    "single-quotes": Behaviour("writes single quotes", change_spelling=spellings.single_quotes),
    "comments": Behaviour("writes comments", change_spelling=spellings.comments),
    "duplicate-key": Behaviour("gives a property twice", change_spelling=spellings.duplicate_key),
    "nan": Behaviour("writes NaN for a value", change_spelling=spellings.nan),
    "fenced": Behaviour("puts the document in a fence", surround=spellings.fenced),
    "prose": Behaviour("talks before and after the document", surround=spellings.prose),
    "thinks": Behaviour("thinks aloud in <think> tags", surround=spellings.thinks),
    "several-objects": Behaviour("gives a draft first", surround=spellings.several_objects),
    # messages
    "ignores-schema": Behaviour("answers in prose", change_message=output_styles.ignores),
    "reasoning-content": Behaviour(
        "puts the content into reasoning_content", change_message=output_styles.only_reasoning
    ),
    "reasoning": Behaviour("gives reasoning_content too", change_message=output_styles.reasons),
    "truncates": Behaviour("stops in the middle: length", change_message=output_styles.truncates),
    "refuses": Behaviour("refuses in the field for it", change_message=output_styles.refuses),
    "content-filter": Behaviour(
        "stops in the middle: content_filter", change_message=output_styles.filtered
    ),
    # going on with a last message of the assistant's; under a JSON mode, none of them does
    "continues": Behaviour(
        "goes on with a last message of the assistant's", read_prefill=prefill.trailing
    ),
    "continues-partial": Behaviour(
        "goes on with one that says `partial: true`, as at Moonshot", read_prefill=prefill.partial
    ),
    "continues-prefix": Behaviour(
        "goes on with one that says `prefix: true`, and refuses any other, as at Mistral",
        read_prefill=prefill.prefix,
        refuse=prefill.unmarked,
    ),
    "continues-beta": Behaviour(
        "goes on with one that says `prefix: true` if asked under /beta, as at DeepSeek",
        read_prefill=prefill.beta,
    ),
    "continues-field": Behaviour(
        "goes on with one if `continue_final_message` says so, as in vLLM",
        read_prefill=prefill.field,
        refuse=prefill.both_flags,
    ),
    "echoes": Behaviour(
        "goes on with one, and says it once more, as llama.cpp's server does",
        read_prefill=prefill.trailing,
        change_message=output_styles.echoes,
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
    "spaced": Behaviour(
        "writes a blank behind commas and colons", error_rates=ErrorRates(spaced=True)
    ),
    "blank-loop": Behaviour(
        "starts, and writes newlines to the end of its budget", run_away=runaway.blanks
    ),
    "array-loop": Behaviour(
        "starts, and repeats an item to the end of its budget", run_away=runaway.array
    ),
    "string-loop": Behaviour(
        "starts, and repeats words to the end of its budget", run_away=runaway.string
    ),
    # an upstream that validates, as Groq does
    "groq-invalid": Behaviour(
        "is always wrong, and its host says json_validate_failed or tool_use_failed",
        refuse=refusals.validates,
        change_document=mistakes.mistake_change(mistakes.wrong_option, *mistakes.COMMON_MISTAKES),
    ),
    "groq-invalid-once": Behaviour(
        "is wrong until asked again, and its host says json_validate_failed or tool_use_failed",
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
    "slow": Behaviour("waits 0.2 s", fault=transport_faults.slow),
    "stalls": Behaviour("never answers", fault=transport_faults.stalls),
    "stalls-midway": Behaviour("stops sending in the middle", fault=transport_faults.stalls_midway),
    "drops": Behaviour("resets the connection in the middle", fault=transport_faults.drops),
    "drops-early": Behaviour("resets the connection at once", fault=transport_faults.drops_early),
    "endless": Behaviour("sends text up to 200 MB", fault=transport_faults.endless),
    "whitespace": Behaviour("sends blanks up to 200 MB", fault=transport_faults.whitespace),
    # streams
    "stream-error": Behaviour(
        "breaks a stream with Groq's error event", fault=transport_faults.stream_error
    ),
    "stream-error-inline": Behaviour(
        "breaks a stream with OpenRouter's error chunk",
        fault=transport_faults.stream_error_inline,
    ),
    "no-done": Behaviour("ends a stream without [DONE]", fault=transport_faults.no_done),
    "no-end": Behaviour(
        "ends a stream without finish_reason and [DONE]", fault=transport_faults.no_end
    ),
    "crlf": Behaviour("ends the lines of a stream in CRLF", fault=transport_faults.crlf),
    "split": Behaviour("sends a stream byte by byte", fault=transport_faults.split),
    "trickles": Behaviour("takes 5 ms for each piece of a stream", fault=transport_faults.trickles),
}


@lru_cache(1024)
def find_behaviour(name: str) -> Behaviour | None:
    """Return the behaviour of one name, whose rate may be any; None if it is unknown."""
    rated = _RATE.fullmatch(name)
    if name not in BEHAVIOURS and rated is not None and rated[1] in FAMILIES:
        return FAMILIES[rated[1]](rated[2])
    return BEHAVIOURS.get(name)


@dataclass(frozen=True, slots=True)
class ModelBehaviour:
    """All that a model name changes, in the order in which it is done."""

    refusals: tuple[Refuse, ...]
    changes: AnswerChanges
    faults: tuple[TransportFault, ...]


@lru_cache(1024)
def model_behaviour(model: str) -> ModelBehaviour | None:
    """Return all that a model name stands for; None if a behaviour in it is unknown."""
    names = model.rpartition("/")[2].split("+")
    named = _given(find_behaviour(name) for name in names)
    if len(named) < len(names):
        return None
    inner = named[::-1]
    rates = _given(each.error_rates for each in inner)
    return ModelBehaviour(
        _given(each.refuse for each in named),
        AnswerChanges(
            _given(each.change_document for each in inner),
            _given(each.change_spelling for each in inner),
            _given(each.surround for each in inner),
            _given(each.change_message for each in inner),
            _given(each.read_prefill for each in inner),
            _given(each.run_away for each in inner),
            combined_rates(rates) if rates else None,
        ),
        _given(each.fault for each in inner),
    )


def _given(changes: Iterable[Change | None]) -> tuple[Change, ...]:
    return tuple(change for change in changes if change is not None)
