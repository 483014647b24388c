"""At a violation, the model's own next choice that is allowed.

Where an upstream gives log-probabilities, each token comes with the alternatives that the model
weighed (`top_logprobs`). The first of them, in their order, that the guard takes in stands for what
the model would have said under constrained decoding.

Not every token is text. A model ends its turn by a control token, which many servers show as
`<|im_end|>` or `</s>`; and a token that is a part of a character has no text of its own: servers
show U+FFFD, `<0xF0>` or `bytes:\\xf0` for it. In a string all of these would be taken for what the
model wants to say there. So they are never put into a document.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from strictgate.core.guard.guard import Guard
from strictgate.core.jsontext.lexer import Expects
from strictgate.core.value_type import value_type

_NO_TEXT = re.compile(
    r"<[|\uff5c][^<>]*[|\uff5c]>|</?s>|<(?:bos|eos|pad|unk|mask|sep|cls)>|<(?:start|end)_of_(?:turn|text)>"
    r"|\[/?(?:INST|SYS|BOS|EOS|PAD|UNK|SEP|CLS|MASK)\]|<0x[0-9A-F]{2}>|bytes:(?:\\x[0-9a-f]{2})+",
    re.IGNORECASE,
)
"""What servers show for control tokens and for parts of characters."""
_BLANK = b" "
_MOST = 1 << 53  # what an integer is held for as a float


@value_type
class LogprobToken:
    """One token of a reply."""

    start: int
    """Offset in bytes in the reply's text."""
    data: bytes
    entry: Any
    """As the upstream gave it."""

    @property
    def end(self) -> int:
        return self.start + len(self.data)

    @property
    def logprob(self) -> float | None:
        """The natural logarithm of its probability; None: the upstream did not say."""
        value = _logprob(self.entry) if isinstance(self.entry, Mapping) else -math.inf
        return value if math.isfinite(value) else None


class LogprobTokens:
    """The tokens of a reply, as they come with its text."""

    def __init__(self) -> None:
        self._tokens: list[LogprobToken] = []
        self._length = 0

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def feed(self, text: bytes, entries: Sequence[Any]) -> None:
        """Take in a piece of the text with its log-probability entries.

        Some servers repeat a prefix in the text that has no entries: they belong to its end.
        """
        if not entries:
            self._length += len(text)
            return
        tokens = [(_data(entry), entry) for entry in entries]
        start = self._length + len(text) - sum(len(data) for data, _ in tokens)
        self._length += len(text)
        if start < 0 or not text.endswith(b"".join(data for data, _ in tokens)):
            return
        for data, entry in tokens:
            self._tokens.append(LogprobToken(start, data, entry))
            start += len(data)

    def at(self, offset: int) -> LogprobToken | None:
        """Return the token that the byte at `offset` belongs to."""
        for token in self._tokens[self._first_behind(offset) :][:1]:
            return token if token.start <= offset else None
        return None

    def before(self, end: int) -> list[LogprobToken]:
        """Return the tokens that the first `end` bytes end with, as far back as there are no gaps;
        none, where `end` is inside of one."""
        found: list[LogprobToken] = []
        expected = end
        for token in reversed(self._tokens):
            if token.end == expected:
                found.append(token)
                expected = token.start
            elif token.end < expected:
                break
        return found[::-1]

    def between(self, start: int, end: int) -> Iterator[LogprobToken]:
        """Yield the tokens that overlap with `start` to `end`."""
        for token in self._tokens[self._first_behind(start) :]:
            if token.start >= end:
                return
            yield token

    def whole(self, start: int, end: int) -> list[LogprobToken] | None:
        """Return the tokens from `start` on that end by `end`; None, where some have no entries."""
        found: list[LogprobToken] = []
        expected = start
        for token in self._tokens[self._first_behind(start) :]:
            if token.start > expected:
                return None
            if token.end > end:
                return found
            found.append(token)
            expected = token.end
        return found if expected == end else None

    def _first_behind(self, start: int) -> int:
        return bisect_right(self._tokens, start, key=_end)


def steer(guard: Guard, token: LogprobToken, read: int, floor: int) -> bytes | None:
    """Let `guard` take in the likeliest alternative to `token` that it allows; return it.

    Where the token has closed a name or a value before it was refused, an alternative must close it
    as well: what the model has finished is not written on. A blank is taken where a value must
    begin: many tokenizers have one of its own before a number, and none before other values.

    Args:
        read: how many bytes of `token` the guard has taken in.
        floor: how much of the guard's text must stay.

    Returns:
        None where there is no such alternative; the guard then stands where it stood.
    """
    taken = token.data[:read]
    if len(guard.text) - read < floor or not guard.text.endswith(taken):
        return None
    depth, begun = len(guard.scanner.containers), guard.scanner.token_start
    guard.rollback(read)
    scanner = guard.scanner
    is_ended = scanner.token is not None and scanner.token_start != begun
    closed = taken if is_ended or len(scanner.containers) > depth else b""
    options = guard.options()
    is_blank_apt = scanner.token is None and scanner.expects is Expects.VALUE
    is_blank_apt &= not guard.text.endswith(_BLANK)
    for alternative in alternatives(token.entry):
        spelt = _spelt(alternative, options)
        is_said = spelt.strip() or (is_blank_apt and spelt == _BLANK)
        is_other = is_said and spelt != token.data and spelt.startswith(closed)
        if is_other and guard.fits(spelt):
            guard.consume(spelt)
            return spelt
    guard.consume(taken)
    return None


def _spelt(alternative: bytes, options: tuple[bytes, ...]) -> bytes:
    """Return `alternative` as the one option that begins with it, but for its case, spells it."""
    folded = alternative.lower()
    spelt = {option[: len(folded)] for option in options if option.lower().startswith(folded)}
    return spelt.pop() if len(spelt) == 1 and folded.strip() else alternative


def _end(token: LogprobToken) -> int:
    return token.end


def _data(entry: Any) -> bytes:
    """Return the bytes of a token; its text may be a part of a character that shows as U+FFFD."""
    given = entry.get("bytes") if isinstance(entry, Mapping) else None
    if isinstance(given, list) and all(isinstance(each, int) and 0 <= each < 256 for each in given):
        return bytes(given)
    text = entry.get("token") if isinstance(entry, Mapping) else None
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else b""


def alternatives(entry: Any) -> tuple[bytes, ...]:
    """Return what the model weighed in place of a token, the likeliest first."""
    return tuple(data for data, _ in weighed(entry))


def weighed(entry: Any) -> tuple[tuple[bytes, float], ...]:
    """Return the same with the log-probability of each; what is no text is left out."""
    given = entry.get("top_logprobs") if isinstance(entry, Mapping) else None
    known = [each for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []
    ranked = sorted(known, key=_logprob, reverse=True)
    said = [(_data(each), _logprob(each)) for each in ranked]
    return tuple((data, logprob) for data, logprob in said if _is_text(data))


def _is_text(data: bytes) -> bool:
    """Whether `data` can be written: whole characters that the model means to be read."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return "\ufffd" not in text and not _NO_TEXT.fullmatch(text.strip())


def _logprob(entry: Mapping[str, Any]) -> float:
    """Return how likely it is; what is no number counts as not likely at all."""
    match entry.get("logprob"):
        case float(value) if math.isfinite(value):
            return value
        case int(value) if not isinstance(value, bool) and abs(value) < _MOST:
            return float(value)
        case _:
            return -math.inf
