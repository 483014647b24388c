"""Whether a document says only what a text says.

A model that writes down what another one has said must add nothing. Every string, number and name
of a member has to stand in the text, or in the schema, whose words (the values of an enum, the
names) are nobody's invention. Words are compared without their case and what stands between them,
numbers by their value; `true`, `false` and `null` say too little to be looked for.

The check is made to be strict: a date that the text spells with the name of its month, or a number
that it has in words, is not found. It knows nothing of what the words mean: a document may be made
of the text's own words and yet say something else.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from strictgate.core.jsontext.pointer import Path

_WORD = re.compile(r"[^\W\d_]+|\d+")
_NUMBER = re.compile(r"[-+]?\d[\d,']*(?:\.\d+)?(?:[eE][-+]?\d+)?")
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_GROUPING = str.maketrans("", "", ",'")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


@dataclass(frozen=True, slots=True)
class Source:
    """A text, and what beside it a document about it may say."""

    words: frozenset[str]
    numbers: frozenset[float]

    @classmethod
    def of(cls, *texts: str) -> "Source":
        """Return what any of `texts` says."""
        read = [*texts, *(_unescaped(text) for text in texts if "\\" in text)]
        words = (word for text in read for word in _words(text))
        return cls(frozenset(words), frozenset(each for text in read for each in _numbers(text)))

    def beyond(self, document: Any) -> Iterator[Path]:
        """Yield the paths of what `document` says beyond this; of a name, that of its member."""
        yield from self._beyond(document, ())

    def _beyond(self, value: Any, path: Path) -> Iterator[Path]:
        if not isinstance(value, dict | list):
            if not self._says(value):
                yield path
            return
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in named:
            if isinstance(key, str) and not self._has_words(key):
                yield (*path, key)
            else:
                yield from self._beyond(each, (*path, key))

    def _says(self, value: Any) -> bool:
        if isinstance(value, str):
            return self._has_words(value)
        is_telling = isinstance(value, int | float) and not isinstance(value, bool)
        return not is_telling or abs(_float(value)) in self.numbers

    def _has_words(self, text: str) -> bool:
        return all(word in self.words for word in _words(text))


def _unescaped(text: str) -> str:
    """Return a text that may be JSON, or a piece of it, with what its escapes stand for."""
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else " ", text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _words(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    for word in _WORD.findall(folded):
        yield word.lstrip("0") or "0" if word.isdigit() else word


def _numbers(text: str) -> Iterator[float]:
    """Yield the numbers in a text without their signs; `1,5` is read in both ways."""
    for found in _NUMBER.findall(unicodedata.normalize("NFKC", text)):
        yield abs(_float(found.translate(_GROUPING)))
        if _DECIMAL_COMMA.fullmatch(found):
            yield abs(_float(found.replace(",", ".")))


def _float(number: int | float | str) -> float:
    try:
        return float(number)
    except (OverflowError, ValueError):  # more digits than a float has
        return float("inf")
