"""A model's thinking, written into its answer between tags.

The answer is what follows the first closing tag behind which a document or a fence starts at once,
for a later tag may stand in a string; else the last closing tag. A tag in a string of a document
closes nothing, but for the first one of a text that an opening tag heads. It needs no opening one:
some chat templates put that into the prompt. An opening tag that is not closed means that there is
no answer yet: an object inside it is a thought, an example, never the document.

Models come up with tags that no list has (`<plan>`, `<|scratch|>`, `[DRAFT]`). What stands before
the tag that closes one is a draft, too, where a document stands behind it, and none in front of
what it opens; where none follows, it may be the answer that is tagged. Tags that say so
(`<answer>`), and those of texts with markup (`</p>`), are none.
"""

import re
from collections.abc import Iterator

from strictgate.core.late_pattern import late_pattern
from strictgate.core.output import brackets
from strictgate.core.value_type import value_type

_NAMES = (
    "think|thinking|thought|thoughts|thought_process|reasoning|reflection|scratchpad|analysis"
    "|seed:think|longcat_think"
)
_OPENING = [
    rf"<(?:{_NAMES})(?:[ \t][^<>]{{0,120}})?>",
    r"\[THINK\]",
    "◁think▷",
    r"<\|(?:begin_of_thought|START_THINKING|think)\|>",
    "<unused94>",  # Gemma
    r"<\|channel>thought",  # Gemma
    r"<\|channel\|>(?:analysis|commentary\s*+to=)[^<{]{0,80}<\|message\|>",  # OpenAI's harmony
    r"<\|channel\|>commentary[^<{]{0,80}<\|message\|>(?=\s{0,20}[^\s{\[`])",  # in words
    r"\banalysis(?-i:(?=[A-Z][a-z' ]))",  # the same, with its markers stripped
    r"Here is my thought process:",  # Granite
    r"Here are my reasoning steps:",  # Apriel
    "<start_of_thought>",
]
_CLOSING = [
    rf"</(?:{_NAMES})[ \t]*+>",
    r"\[/THINK\]",
    "◁/think▷",
    r"<\|(?:end_of_thought|END_THINKING|/think)\|>(?:<\|START_RESPONSE\|>)?",
    "<unused95>",
    r"<channel\|>",
    r"<\|channel\|>final[^<{]{0,80}(?:<\|constrain\|>[^<{]{0,80})?<\|message\|>",
    r"<\|end\|>(?=\s{0,20}[{\[`])",  # harmony without the header of the answer
    r"\bassistantfinal|(?<=[.!?\"'])assistantfinal",
    r"Here is my response:",
    r"\[BEGIN FINAL RESPONSE\]",
    "<end_of_thought>",
]
OPENING = "|".join(_OPENING)
_HEAD = late_pattern(rf"\s*+(?:{OPENING})", re.IGNORECASE)
CLOSED = late_pattern("|".join(_CLOSING), re.IGNORECASE)
_AMID_PROSE = late_pattern(rf"(?P<tag>{CLOSED.pattern})|[{{\[]", re.IGNORECASE)
_IN_DOCUMENT = {
    quote: late_pattern(rf"(?P<tag>{CLOSED.pattern})|{tokens.pattern}", re.IGNORECASE | re.DOTALL)
    for quote, tokens in brackets.TOKENS.items()
}
_PLAIN_NAMES = (
    "(?:the_|my_|final_)?(?:answer|output|result|response|reply|solution|document|json|object|data)"
    "|final|content|text|message|tool|tools|tool_?calls?|tool_?response|function(?:_?calls?)?"
    "|start|begin|end|eos|s|im_start|im_end|assistant|user|system|constrain|channel"
    "|a|b|i|p|u|br|hr|em|li|ol|ul|td|th|tr|div|pre|code|span|table|strong|body|html|xml"
)
_UNKNOWN_TAG = late_pattern(
    rf"""
    <(?P<closes_angle>/)?+(?!(?:{_NAMES}|{_PLAIN_NAMES})[\s>])(?P<angle>[a-z][\w:.-]{{0,60}})
      (?:[ \t][^<>]{{0,120}}+)?>
  | <[|\uff5c](?P<closes_bar>/|end_(?:of_)?)?+(?:start_(?:of_)?|begin_(?:of_)?)?+
      (?!(?:{_PLAIN_NAMES})[|\uff5c])(?P<bar>[a-z]\w{{0,60}}?)(?P<bar_ends>_end)?(?:_start)?[|\uff5c]>
  | \[(?P<closes_square>/)?(?!(?:{_PLAIN_NAMES})\])(?P<square>(?-i:[A-Z][A-Z_]{{1,40}}))\]
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MAX_OPEN = 16  # tags in tags
_CLOSES = ("closes_angle", "closes_bar", "bar_ends", "closes_square")
_TAG_OR_DOCUMENT = late_pattern(
    rf"{_UNKNOWN_TAG.pattern}|[{{\[]|```|~~~", re.IGNORECASE | re.VERBOSE
)
_ANSWER = late_pattern(r"\s*+(?:[{\[]|```|~~~)")
_DOCUMENT = late_pattern(r"\s*+(?:[{\[\"]|```|~~~)")


@value_type
class WithoutThinking:
    """What is left of a text once the thinking is taken off."""

    text: str
    removed: bool = False
    unfinished: bool = False
    """Still thinking."""


def without_thinking(text: str) -> WithoutThinking:
    """Take the thinking off the head of `text`."""
    thinks = bool(_HEAD.match(text))
    if not thinks and _DOCUMENT.match(text) and not _UNKNOWN_TAG.match(text.lstrip()):
        return WithoutThinking(text)
    ends = list(_ends(text, thinks=thinks))
    if not ends and thinks:
        return WithoutThinking("", unfinished=True)
    if not ends:
        start = _behind_unknown(text)
        return WithoutThinking(text[start:], removed=True) if start else WithoutThinking(text)
    start = next((end for end in ends if _ANSWER.match(text, end)), ends[-1])
    return WithoutThinking(text[start:], removed=True)


def _ends(text: str, *, thinks: bool) -> Iterator[int]:
    """Yield where closing tags end, other than in strings of documents."""
    position = 0
    if thinks:
        first = CLOSED.search(text)
        if first is None:
            return
        position = first.end()
        yield position
    while event := _AMID_PROSE.search(text, position):
        position = event.end()
        if not event["tag"] and brackets.starts_document(text, event.start()):
            event, position = _leave(text, event.start())
        if event and event["tag"]:
            yield position


def has_unknown_tag(text: str) -> bool:
    """Whether a tag that nobody knows stands in `text`, prose."""
    return _UNKNOWN_TAG.search(text) is not None


def _behind_unknown(text: str) -> int:
    """Return where the last unknown tag ends that closes a draft; 0: there is none."""
    opened: list[tuple[str, bool]] = []  # the tags that are open; whether a document came before
    names: set[str] = set()  # of the tags that have closed a draft: one more is one more of them
    has_document = has_draft = is_broken = False
    position = closed = found = 0
    while event := _TAG_OR_DOCUMENT.search(text, position):
        position = event.end()
        name = event["angle"] or event["bar"] or event["square"]
        if name is None:
            is_bracket = event[0] in "{["
            if is_bracket and not brackets.starts_document(text, event.start()):
                continue
            has_document, has_draft = has_document or not opened, True
            if closed and not any(each in names for each, _ in opened):
                found = closed
            if is_bracket and not is_broken:
                end = brackets.closing(text, event.start(), len(text))
                is_broken = not isinstance(end, int)
                position = end if isinstance(end, int) else position
        elif not any(event[each] for each in _CLOSES):
            opened += [(name.lower(), has_document)][: _MAX_OPEN - len(opened)]
        else:
            at = next((at for at, each in enumerate(opened) if each[0] == name.lower()), None)
            is_amid = has_document if at is None else opened[at][1]
            is_alone = event["angle"] is not None and not is_broken  # its opening is in the prompt
            is_sure = is_alone if at is None else not is_amid
            del opened[at if at is not None else len(opened) :]
            if has_draft and is_sure:
                closed, has_document, has_draft = position, False, bool(opened)
                names.add(name.lower())
    return found


def _leave(text: str, start: int) -> tuple[re.Match[str] | None, int]:
    """Go through the document at `start` to its end, or to a closing tag in it; return the tag, and
    where that was."""
    depth = 0
    for token in _IN_DOCUMENT[brackets.quote(text, start)].finditer(text, start):
        if token["tag"]:
            return token, token.end()
        depth += (token[0] in brackets.OPENERS) - (token[0] in brackets.PARTNER)
        if depth == 0:
            return None, token.end()
    return None, len(text)
