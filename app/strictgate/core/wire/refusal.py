"""Is an upstream's error a refusal of the way the schema was asked for? A pure reading of words.

There is no standard for it: some forty servers say it in as many ways. The rule is conservative,
because what is believed here is remembered. A status that means something else (401, 403, 429…)
never refuses; one that says that the server failed (500, 502, 503) does only with words that a
schema or tools alone can have caused. A text refuses when one sentence of it both names the format
and says no. What looks alike and is not comes first: the model's output was invalid, the word JSON
is missing, this schema's dialect is refused, the combination with tools or a stream is.

The direction is read as well: LM Studio takes `json_schema` and refuses `json_object`, most refuse
the former. Where a text lists what is allowed, the rest is refused.

Every pattern has a name, which the result carries, and is matched against a few KiB at most.
"""

import re
from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.late_pattern import late_pattern
from strictgate.core.value_type import value_type
from strictgate.core.wire import refusal_patterns as words
from strictgate.core.wire.error_body import ErrorText, error_text

STATUSES = frozenset({400, 404, 405, 422, 501})
"""405 is DeepInfra's."""
CRASHED = frozenset({500, 502, 503})
"""The server failed: over the schema, if the words say so unmistakably."""
FORMATS = (Mode.NATIVE, Mode.JSON_OBJECT)
MAX_TEXT = 8192  # characters that are read


class Partner(StrEnum):
    """What the format does not go together with."""

    TOOLS = "tools"
    STREAM = "stream"
    OTHER = "other"
    """Thinking, a prefill, a search: the caller's, or none of what is asked."""


class Refused(StrEnum):
    """What was refused."""

    FORMAT = "format"
    """The mode itself, on this model."""
    DIALECT = "dialect"
    """This schema; another may pass."""
    CONFLICT = "conflict"
    """The combination with tools, a stream, thinking or a prefill."""
    INVALID_OUTPUT = "invalid_output"
    """Nothing: the model's text, `failed_generation`, was found invalid."""
    TRUNCATED_OUTPUT = "truncated_output"
    """Nothing: the token budget ran out."""
    JSON_WORD = "json_word"
    """The messages lack the word JSON."""
    NOT_A_REFUSAL = "not_a_refusal"


@value_type
class Refusal:
    """How an error answer was read."""

    kind: Refused
    modes: tuple[Mode, ...] = ()
    """For FORMAT and DIALECT: the modes that are refused."""
    partners: frozenset[Partner] = frozenset()
    """For CONFLICT: what the format was refused with."""
    failed_generation: str | None = None
    """For INVALID_OUTPUT: the model's text."""
    pattern: str = ""
    """The name of the pattern that decided; `undiagnosed` where the body said nothing."""


NOT_A_REFUSAL = Refusal(Refused.NOT_A_REFUSAL)


def classify_refusal(status: int, body: Any, sent: Mode) -> Refusal:
    """Read the answer `status`, `body` to a request whose schema went in the mode `sent`.

    `body` is the parsed JSON, or the text where it is none.
    """
    if status not in STATUSES | CRASHED:
        return NOT_A_REFUSAL
    spoken, text = _read(body)
    if status in CRASHED:
        return _crashed(text, sent)
    output = _output(spoken, text)
    if output or sent is Mode.PROMPT:
        return output or NOT_A_REFUSAL
    if all(words.SILENT.fullmatch(each.strip()) for each in spoken.texts):
        return _undiagnosed(status, spoken, sent)
    return _other_refusal(spoken, text, sent) or _format(status, spoken, text, sent)


def _read(body: Any) -> tuple[ErrorText, str]:
    """Return what `body` says, and its words as one text, without names of models."""
    spoken = error_text(body)
    return spoken, words.MODEL_ID.sub("model", "\n".join(spoken.texts)[:MAX_TEXT])


def _crashed(text: str, sent: Mode) -> Refusal:
    if sent is Mode.TOOL and (match := words.CRASHED_TOOLS.search(text)):
        return _refused((Mode.TOOL,), words.name_of(match))
    if sent in FORMATS and (match := words.CRASHED_FORMAT.search(text)):
        return _refused(FORMATS, words.name_of(match))
    if sent is not Mode.PROMPT and (match := words.CRASHED_DIALECT.search(text)):
        return Refusal(Refused.DIALECT, (sent,), pattern=words.name_of(match))
    return NOT_A_REFUSAL


def _output(spoken: ErrorText, text: str) -> Refusal | None:
    match = words.OUTPUT.search(text)
    if not match and not words.OUTPUT_CODES & set(spoken.codes):
        return None
    failed = spoken.failed_generation or ""
    if words.TRUNCATED in text or words.TRUNCATED in failed:
        return Refusal(Refused.TRUNCATED_OUTPUT, pattern="truncated")
    decided = words.name_of(match) or "code"
    return Refusal(Refused.INVALID_OUTPUT, failed_generation=failed, pattern=decided)


def _undiagnosed(status: int, spoken: ErrorText, sent: Mode) -> Refusal:
    """Take silence for a refusal: nothing is remembered of it unless the next mode is accepted."""
    if status not in (400, 422) or spoken.is_page or set(spoken.codes) - words.SILENT_CODES:
        return NOT_A_REFUSAL
    return _refused((sent,), "undiagnosed")


def _other_refusal(spoken: ErrorText, text: str, sent: Mode) -> Refusal | None:
    """Return what looks like a refusal of the format and is not one."""
    if match := words.JSON_WORD.search(text):
        return Refusal(Refused.JSON_WORD, pattern=words.name_of(match))
    if (match := words.NEVER.search(text)) or words.NEVER_CODES & set(spoken.codes):
        return Refusal(Refused.NOT_A_REFUSAL, pattern=words.name_of(match) or "code")
    match = words.DIALECT.search(text)
    if match or spoken.has_schema_path or words.DIALECT_CODES & set(spoken.codes):
        about_function = words.FUNCTION_SCHEMA.search(" ".join((text, *spoken.params)))
        if about_function and sent is not Mode.TOOL:  # one of the caller's own
            return Refusal(Refused.NOT_A_REFUSAL, pattern="function_schema")
        return Refusal(Refused.DIALECT, (sent,), pattern=words.name_of(match) or "code")
    for sentence in words.SENTENCE.split(text):
        if words.CONFLICT_SUBJECT.search(sentence) and (match := words.CONFLICT.search(sentence)):
            partners = _partners(sentence)
            return Refusal(Refused.CONFLICT, partners=partners, pattern=words.name_of(match))
    return None


def _partners(sentence: str) -> frozenset[Partner]:
    named = {
        Partner.TOOLS: words.TOOL_NAME.search(sentence),
        Partner.STREAM: words.STREAM_NAME.search(sentence),
    }
    return frozenset(each for each, match in named.items() if match) or frozenset({Partner.OTHER})


def _format(status: int, spoken: ErrorText, text: str, sent: Mode) -> Refusal:
    if status == 404:  # only a router's words: else it is the model, or the path, that is missing
        if not words.NO_ENDPOINT.search(text):
            return NOT_A_REFUSAL
        about = words.ABOUT_ALL.search(text) or _subject(sent).search(text)
        return _refused((sent,), "no_endpoint") if about else NOT_A_REFUSAL
    sentences = _sentences(spoken, text)
    if sent is Mode.TOOL:
        return _tool(sentences)
    allowed = (
        _allowed("\n".join(sentences)) if any(map(words.FORMAT_NAME.search, sentences)) else None
    )
    if allowed is not None:
        refused = tuple(mode for mode in FORMATS if mode not in allowed)
        return _refused(refused, "allowed") if refused else NOT_A_REFUSAL
    for sentence in sentences:
        names_it = words.FORMAT_NAME.search(sentence) and not words.OTHER_FIELD.search(sentence)
        if names_it and (match := words.SAYS_NO.search(sentence)):
            return _refused(_modes(sentence, sent), words.name_of(match))
    return NOT_A_REFUSAL


def _subject(sent: Mode) -> re.Pattern[str]:
    return words.TOOL_NAME if sent is Mode.TOOL else words.FORMAT_NAME


def _refused(modes: tuple[Mode, ...], pattern: str) -> Refusal:
    return Refusal(Refused.FORMAT, modes, pattern=pattern)


def _sentences(spoken: ErrorText, text: str) -> list[str]:
    """Split `text` as `_prefixed` does, less what has another cause than the format."""
    return [each for each in _prefixed(spoken, text) if not words.OTHER_CAUSE.search(each)]


def _prefixed(spoken: ErrorText, text: str) -> list[str]:
    """Split `text` into sentences; the parameter at fault counts as named in each of them."""
    subject = ", ".join(spoken.params)
    prefix = f"{subject}: " if subject else ""
    return [prefix + each for each in words.SENTENCE.split(text) if each.strip()]


def _tool(sentences: list[str]) -> Refusal:
    for sentence in sentences:
        if words.TOOL_NAME.search(sentence):
            match = words.TOOL_SAYS_NO.search(sentence) or words.SAYS_NO.search(sentence)
            if match:
                return _refused((Mode.TOOL,), words.name_of(match))
    return NOT_A_REFUSAL


def _allowed(text: str) -> set[Mode] | None:
    """Return the modes in what `text` lists as allowed; None where it lists no format at all."""
    lists = []
    for cue in words.ALLOWED.finditer(text):
        rest = text[cue.end() : cue.end() + 160]
        end = words.END_OF_LIST.search(rest)
        lists.append(rest[: end.start()] if end else rest)
    found = {
        *(Mode.NATIVE for each in lists if words.SCHEMA_NAME.search(each)),
        *(Mode.JSON_OBJECT for each in lists if words.OBJECT_NAME.search(each)),
    }
    return found if found or any(map(words.TEXT_NAME.search, lists)) else None


def _modes(sentence: str, sent: Mode) -> tuple[Mode, ...]:
    """Return the modes that `sentence` refuses; what was sent is one of them in any case."""
    schema, an_object = words.SCHEMA_NAME.search(sentence), words.OBJECT_NAME.search(sentence)
    if schema and an_object:
        return FORMATS if words.BOTH.search(sentence) else (sent,)
    if not schema and not an_object:
        return (sent,) if words.THIS_TYPE.search(sentence) else FORMATS
    named = Mode.NATIVE if schema else Mode.JSON_OBJECT
    return tuple(mode for mode in FORMATS if mode in (named, sent))


# --- what else of a request can be refused -------------------------------------------------------


def refuses_field(
    status: int, body: Any, named_by: re.Pattern[str], says_no: re.Pattern[str]
) -> bool:
    """Whether one sentence of an error names a field of the request and says no to it."""
    if status not in _REFUSING:
        return False
    spoken, text = _read(body)
    if _output(spoken, text) or words.NEVER.search(text) or words.NEVER_CODES & set(spoken.codes):
        return False
    if words.BUSY.search(text) or (status == 404 and not words.NO_ENDPOINT.search(text)):
        return False
    return any(
        named_by.search(sentence) and says_no.search(sentence)
        for sentence in _prefixed(spoken, text)
    )


_PREFIX_SAYS_NO = late_pattern(
    rf"{words.FIELD_SAYS_NO.pattern}|\b(?:must|should|cannot|can't|only|expect(?:ed|s))\b"
    r"|\bnot (?:allowed|permitted|possible|valid)\b",
    re.IGNORECASE,
)


def refuses_prefix(status: int, body: Any) -> bool:
    """Whether a failure says no to a prefix that the model is to go on from."""
    return refuses_field(status, body, words.PREFIX, _PREFIX_SAYS_NO)


def refused_functions(
    status: int, body: Any, names: Sequence[str], *, alone: bool
) -> frozenset[str]:
    """Return the functions whose schemas an error refuses; where it names none, all; else none.

    Args:
        names: of the functions that were sent, in their order.
        alone: no schema was sent beside theirs, so that any word about one is about theirs.
    """
    if status not in STATUSES | CRASHED:
        return frozenset()
    spoken, text = _read(body)
    if _output(spoken, text) or words.NEVER.search(text) or words.NEVER_CODES & set(spoken.codes):
        return frozenset()
    if status in CRASHED:
        is_dialect = words.CRASHED_DIALECT.search(text) is not None
    else:
        has_code = spoken.has_schema_path or bool(words.DIALECT_CODES & set(spoken.codes))
        is_dialect = has_code or words.DIALECT.search(text) is not None
    where = "\n".join((text, *spoken.params))
    if not is_dialect or not (alone or words.FUNCTION_SCHEMA.search(where)):
        return frozenset()
    places = [int(match[1] or match[2]) for match in words.FUNCTION_PLACE.finditer(where)]
    quoted = set(words.QUOTED.findall(where))
    named = {names[at] for at in places if at < len(names)} | (quoted & set(names))
    return frozenset(named or names)


def refused_keywords(body: Any, used: Collection[str]) -> frozenset[str]:
    """Return the keywords of a schema that the refusal of its dialect names as the cause.

    Args:
        body: the error's.
        used: the keywords of the schema that was sent.
    """
    _, text = _read(body)
    text = words.SCHEMA_PLACE.sub(" ", text)
    found: set[str] = set()
    for sentence in words.SENTENCE.split(text):
        if words.KEYWORD_SAYS_NO.search(sentence):
            quoted = {*words.QUOTED.findall(sentence)} & words.DROPPABLE & {*used}
            bare = {*words.UNMISTAKABLE.findall(sentence)} & words.DROPPABLE & {*used}
            found |= quoted or bare
    return frozenset(found)


def refuses_custom_tools(status: int, body: Any) -> bool:
    """Whether a failure of a request with custom tools refuses these, or lacks functions in them.

    Hosts that know functions alone look for `function` in every tool.
    """
    if status not in _REFUSING | CRASHED:
        return False
    spoken, text = _read(body)
    if words.NEVER.search(text) or words.BUSY.search(text):
        return False
    where = "\n".join((text, *spoken.params))
    return words.CUSTOM_TOOLS.search(where) is not None


def refuses_tools(status: int, body: Any) -> bool:
    """Whether a failure says that the model calls no functions, whatever they are."""
    if status not in _REFUSING | CRASHED:
        return False
    spoken, text = _read(body)
    if status in CRASHED:
        return words.CRASHED_TOOLS.search(text) is not None
    return words.TOOLS_FLAG.search(text) is not None or any(
        words.TOOLS.search(sentence)
        and words.TOOLS_NO.search(sentence)
        and not words.TOOLS_AND_MORE.search(sentence)
        for sentence in _sentences(spoken, text)
    )


_REFUSING = STATUSES | {415}
