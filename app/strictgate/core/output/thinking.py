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
from dataclasses import field

from strictgate.core.late_pattern import late_pattern
from strictgate.core.output import brackets
from strictgate.core.output.brackets import Unclosed
from strictgate.core.value_type import state_type, value_type

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
    drafts = _Drafts(text)
    position = 0
    while event := _TAG_OR_DOCUMENT.search(text, position):
        position = event.end()
        name = event["angle"] or event["bar"] or event["square"]
        if name is None:
            position = drafts.document(event.start(), position)
        elif any(event[each] for each in _CLOSES):
            drafts.closing_tag(name.lower(), position, is_angle=event["angle"] is not None)
        else:
            drafts.opening_tag(name.lower())
    return drafts.end


@state_type
class _Drafts:
    """Where drafts end in a text: documents before the answer, closed by tags that nobody knows.

    | what comes      | what it is                                                               |
    |-----------------|--------------------------------------------------------------------------|
    | an opening tag  | one more that is open, up to _MAX_OPEN                                   |
    | a document      | the answer, where a draft was closed before; but not within one more tag |
    |                 | of the kind that closed it. Else a draft, if a tag closes it             |
    | a closing tag   | it closes its opening, and all that was opened since. What came since    |
    |                 | the last draft is one, where no document came before that opening; where |
    |                 | that is not to be seen, if it may stand in the prompt: for an angle tag, |
    |                 | while no document was broken                                             |
    """

    text: str
    end: int = 0
    """Where the last tag ends that closes a draft which an answer follows; 0: there is none."""
    opened: list[tuple[str, bool]] = field(default_factory=list)
    """The names of the tags that are open, each with whether a document came before it."""
    closers: set[str] = field(default_factory=set)
    """The names of the tags that have closed a draft."""
    closed: int = 0
    """Where the last of these ended."""
    has_document: bool = False
    """A document came since then, in no tag."""
    has_draft: bool = False
    """A document came since then, wherever."""
    is_broken: bool = False
    """An object or array had no end."""

    def opening_tag(self, name: str) -> None:
        """Take in a tag that opens."""
        if len(self.opened) < _MAX_OPEN:
            self.opened.append((name, self.has_document))

    def document(self, start: int, behind: int) -> int:
        """Take in what may begin a document, a bracket or a fence; return where to go on.

        Args:
            behind: where the bracket or the fence ends.
        """
        is_bracket = self.text[start] in "{["
        if is_bracket and not brackets.starts_document(self.text, start):
            return behind
        self.has_document |= not self.opened
        self.has_draft = True
        if self.closed and not any(name in self.closers for name, _ in self.opened):
            self.end = self.closed
        if not is_bracket or self.is_broken:
            return behind
        end = brackets.closing(self.text, start, len(self.text))
        if isinstance(end, Unclosed):
            self.is_broken = True
            return behind
        return end

    def closing_tag(self, name: str, behind: int, *, is_angle: bool) -> None:
        """Take in a tag that closes, and ends at `behind`."""
        at = next((at for at, (each, _) in enumerate(self.opened) if each == name), None)
        if at is None:
            closes_draft = is_angle and not self.is_broken
        else:
            closes_draft = not self.opened[at][1]
            del self.opened[at:]
        if self.has_draft and closes_draft:
            self.closed, self.has_document, self.has_draft = behind, False, bool(self.opened)
            self.closers.add(name)


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
