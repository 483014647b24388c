"""Text in tokens, with the log-probabilities that OpenAI gives for them.

Not a model's vocabulary, but as uneven: words in pieces of four letters, numbers in pieces of three
digits, and punctuation that runs together. At the first token of a slip, what would have been right
there is the second likeliest.
"""

import re
from itertools import islice
from typing import Any

from strictgate.demo.writer import TextError

_TOKEN = re.compile(r" ?[^\W\d_]{1,4}|\d{1,3}|\s+|(?:[^\w\s]|_){1,3}")
_LIKELY, _UNSURE = -0.05, -0.7
_LESS = -0.35  # from one alternative to the next
_FILLERS = (" the", "\n", "x", '"', "0", "{", "}", "null", " a", ",", "[", "]", "1", "true", "_",
            " and", ":", "-", "A", ".", "\t", "false", "?")  # fmt: skip


def tokenize(text: str) -> list[str]:
    """Return the tokens of `text`."""
    return _TOKEN.findall(text)


def token_logprobs(text: str, errors: tuple[TextError, ...], top: int) -> list[dict[str, Any]]:
    """Return the entries for the tokens of `text`, each with the `top` alternatives."""
    turns = dict(turn for slip in errors if (turn := _turn(text, slip)) is not None)
    entries: list[dict[str, Any]] = []
    start = 0
    for token in tokenize(text):
        here = (turns[at] for at in range(start, start + len(token)) if at in turns)
        rest = next(here, None)
        right = None if rest is None else tokenize(text[start : rest[0]] + rest[1])[0]
        entries.append(_entry(token, right if right != token else None, top))
        start += len(token)
    return entries


def _turn(text: str, slip: TextError) -> tuple[int, tuple[int, str]] | None:
    """Return where `text` goes astray, with where the right text sets in there, and that text."""
    right = slip.right_text + text[slip.end :]
    for at, (wrong, wanted) in enumerate(zip(text[slip.start :], right, strict=False), slip.start):
        if wrong != wanted:
            return at, (at, right[at - slip.start :])
    return None


def _entry(token: str, right: str | None, top: int) -> dict[str, Any]:
    likely = [token] if right is None else [token, right]
    fillers = (each for each in _FILLERS if each not in likely)
    first = _LIKELY if right is None else _UNSURE
    scores = [
        _score(each, round(first + _LESS * rank * (1 if right else 5), 4))
        for rank, each in enumerate([*likely, *fillers])
    ]
    return {**scores[0], "top_logprobs": list(islice(scores, top))}


def _score(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
