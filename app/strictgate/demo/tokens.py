"""Split a text into tokens, with log-probabilities in OpenAI's shape.

The tokens are not those of a real model, but as uneven: words come in pieces of four letters,
numbers in pieces of three digits, and punctuation runs together. At the first token of an error,
the token that would have been right is the second likeliest.
"""

import re
from itertools import islice
from typing import Any

from strictgate.demo.writer import TextError

_TOKEN = re.compile(r" ?[^\W\d_]{1,4}|\d{1,3}|\s+|(?:[^\w\s]|_){1,3}")
_LIKELY, _UNSURE = -0.05, -0.7
"""The log-probability of a right token, and that of a wrong one."""
_STEP = -0.35
"""From one alternative to the next."""
_FILLERS = (" the", "\n", "x", '"', "0", "{", "}", "null", " a", ",", "[", "]", "1", "true", "_",
            " and", ":", "-", "A", ".", "\t", "false", "?")  # fmt: skip


def tokenize(text: str) -> list[str]:
    """Return the tokens of `text`."""
    return _TOKEN.findall(text)


def token_logprobs(text: str, errors: tuple[TextError, ...], top: int) -> list[dict[str, Any]]:
    """Return the log-probability entry of each token.

    Args:
        text: the text.
        errors: the places where something else would have been right.
        top: the number of alternatives in each entry.
    """
    differences = filter(None, (_first_difference(text, error) for error in errors))
    right_texts = dict(differences)
    entries: list[dict[str, Any]] = []
    start = 0
    for token in tokenize(text):
        end = start + len(token)
        wrong = next((at for at in range(start, end) if at in right_texts), None)
        right = None
        if wrong is not None:
            right = tokenize(text[start:wrong] + right_texts[wrong])[0]
        entries.append(_entry(token, right if right != token else None, top))
        start = end
    return entries


def _first_difference(text: str, error: TextError) -> tuple[int, str] | None:
    """Return the offset of the first wrong character of an error, and the right text from there."""
    right = error.right_text + text[error.end :]
    pairs = zip(text[error.start :], right, strict=False)
    for at, (wrong, wanted) in enumerate(pairs, error.start):
        if wrong != wanted:
            return at, right[at - error.start :]
    return None


def _entry(token: str, right: str | None, top: int) -> dict[str, Any]:
    """Return the entry of one token; `right` is what would have been right in its place."""
    likely = [token] if right is None else [token, right]
    fillers = (each for each in _FILLERS if each not in likely)
    first = _LIKELY if right is None else _UNSURE
    scores = [
        _score(each, round(first + _STEP * rank * (1 if right else 5), 4))
        for rank, each in enumerate([*likely, *fillers])
    ]
    return {**scores[0], "top_logprobs": list(islice(scores, top))}


def _score(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
