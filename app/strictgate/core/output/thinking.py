"""A model's thinking, written into its answer between tags.

The answer is what follows the first closing tag behind which a document or a fence starts at once,
for a later tag may stand in a string; else the last closing tag. A tag in a string of a document
closes nothing, but for the first one of a text that an opening tag heads. It needs no opening one:
some chat templates put that into the prompt. An opening tag that is not closed means that there is
no answer yet: an object inside it is a thought, an example, never the document.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from strictgate.core.output import brackets

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
]
OPENING = "|".join(_OPENING)
_HEAD = re.compile(rf"\s*+(?:{OPENING})", re.IGNORECASE)
CLOSED = re.compile("|".join(_CLOSING), re.IGNORECASE)
_AMID_PROSE = re.compile(rf"(?P<tag>{CLOSED.pattern})|[{{\[]", re.IGNORECASE)
_IN_DOCUMENT = {
    quote: re.compile(rf"(?P<tag>{CLOSED.pattern})|{tokens.pattern}", re.IGNORECASE | re.DOTALL)
    for quote, tokens in brackets.TOKENS.items()
}
_ANSWER = re.compile(r"\s*+(?:[{\[]|```|~~~)")
_DOCUMENT = re.compile(r"\s*+(?:[{\[\"]|```|~~~)")


@dataclass(frozen=True, slots=True)
class WithoutThinking:
    """What is left of a text once the thinking is taken off."""

    text: str
    removed: bool = False
    unfinished: bool = False
    """Still thinking."""


def without_thinking(text: str) -> WithoutThinking:
    """Take the thinking off the head of `text`."""
    thinks = bool(_HEAD.match(text))
    if not thinks and _DOCUMENT.match(text):
        return WithoutThinking(text)
    ends = list(_ends(text, thinks=thinks))
    if not ends:
        return WithoutThinking("", unfinished=True) if thinks else WithoutThinking(text)
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
