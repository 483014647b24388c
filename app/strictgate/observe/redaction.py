"""Keys are blotted out of text that is about to be logged."""

import re
from collections.abc import Callable, Iterable

BLOT = "***"
_SHORTEST_KEY = 8
"""Characters from which on a key is looked for inside other text."""
_LIKE_A_KEY = re.compile(r"\b(?:sk|pk|rk|gsk|csk|xai|nvapi|hf|fw|tgp|r8|pplx)[-_][\w-]{16,}")


def redactor(keys: Iterable[str]) -> Callable[[str], str]:
    """Return a function that takes out of a text `keys`, and what looks like a provider's key."""
    known = frozenset(keys)

    def redact(text: str) -> str:
        if _may_be_like_one(text) and _LIKE_A_KEY.search(text):
            return _LIKE_A_KEY.sub(BLOT, _without(text, known))
        for key in known:
            if key in text:
                return _LIKE_A_KEY.sub(BLOT, _without(text, known))
        return text

    return redact


def _may_be_like_one(text: str) -> bool:
    """Whether it is worth the look for a provider's key: the ids that are made here are `req_` and
    letters, and every request has one."""
    return "-" in text or text.count("_") > text.count("req_")


def without_credentials(text: str, authorization: str | None) -> str:
    """Return `text` without the key in the header `Authorization`, which clients may mislay."""
    key = (authorization or "").rpartition(" ")[2]
    return _without(text, {key}) if key and key in text else text


def _without(text: str, keys: Iterable[str]) -> str:
    for key in sorted(keys, key=len, reverse=True):
        if len(key) >= _SHORTEST_KEY:
            text = text.replace(key, BLOT)
        elif key in text.split("/"):  # short ones may be words: only where they stand alone
            text = "/".join(BLOT if step == key else step for step in text.split("/"))
    return text
