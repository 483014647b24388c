"""Whether a document says only what a text says.

A model that writes down what another one has said must add nothing. Every string, number and name
of a member has to stand in the text, or be a word of the schema's own: the name of a property, a
value of an `enum` or a `const`, which are nobody's invention. What the schema tells about them does
not count: an example, a default or a limit is just what a model would invent. Words are compared
without their case and the punctuation between them, numbers by their value, to the last digit and
with their sign, in a string too; signs of currencies, degrees and the like count as words. `true`,
`false` and `null` say too little to be looked for.

A minus is a sign where it stands directly before a number (or its currency) and not directly behind
a word or another number: `3-5`, `2026-05-03` and `COVID-19` have none. `minus 5` has one, and
`10 minus 5` none.

The check is made to be strict: a date that the text spells with the name of its month, or a number
that it has in words, is not found. It knows nothing of what the words mean: a document may be made
of the text's own words and yet say something else.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.reader import write_json
from strictgate.core.late_pattern import late_pattern
from strictgate.core.schema.drafts import walk_subschemas

_CURRENCY = "[$€£¥₹]"
_SIGN = rf"((?<![\w)\]-])-(?={_CURRENCY}?\d))?"
_WORD = late_pattern(rf"([^\W\d_]+)|{_SIGN}({_CURRENCY})?(\d+)|([^\w\s])")
_NUMBER = late_pattern(rf"{_SIGN}{_CURRENCY}?(\d[\d,']*(?:\.\d+)?(?:[eE][-+]?\d+)?)")
_MINUS = late_pattern(rf"(\d\s+)?\bminus\s+(?={_CURRENCY}?\d)")
_DASHES = str.maketrans("\N{MINUS SIGN}\N{EN DASH}", "--")
_SYMBOLS = frozenset({"Sc", "So"})  # general categories: currencies; degrees, emoji, ...
_ESCAPED = late_pattern(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_GROUPING = str.maketrans("", "", ",'")
_DECIMAL_COMMA = late_pattern(r"\d+,\d+")


@dataclass(frozen=True)
class Source:
    """A text, and what beside it a document about it may say: the words of a schema's own.

    It is read when it is asked for the first time, which takes a fifth of a second for a megabyte:
    not everybody who has it asks.
    """

    text: str
    schema: Any

    @cached_property
    def words(self) -> frozenset[str]:
        """All words that it says."""
        return frozenset(word for each in self._read for word in _words(each))

    @cached_property
    def numbers(self) -> frozenset[Decimal]:
        """All numbers."""
        return frozenset(found for each in self._read for found in _numbers(each))

    @property
    def _read(self) -> list[str]:
        texts = [self.text, *_schema_words(self.schema)]
        return [*texts, *(_unescaped(each) for each in texts if "\\" in each)]

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
        return not is_telling or _number(repr(value)) in self.numbers

    def _has_words(self, text: str) -> bool:
        return all(word in self.words for word in _words(text))


def _unescaped(text: str) -> str:
    """Return a text that may be JSON, or a piece of it, with what its escapes stand for."""
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else " ", text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _plain(text: str) -> str:
    """Return a text without its capitals, in which a minus has one spelling."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_DASHES)
    return _MINUS.sub(lambda found: found[0] if found[1] else "minus -", folded)


def _words(text: str) -> Iterator[str]:
    """Yield the words in a text, its groups of digits without leading zeros but with the sign, and
    the symbols that say something."""
    for word, sign, currency, digits, symbol in _WORD.findall(_plain(text)):
        if digits:
            yield sign + (digits.lstrip("0") or "0")
        if symbol == "%" or (symbol and unicodedata.category(symbol) in _SYMBOLS):
            yield symbol
        if said := word or currency:
            yield said


def _schema_words(schema: Any) -> Iterator[str]:
    for _, each in walk_subschemas(schema):
        yield from each.get("properties") or ()
        yield from map(write_json, each.get("enum") or ())
        if "const" in each:
            yield write_json(each["const"])


def _numbers(text: str) -> Iterator[Decimal]:
    """Yield the numbers in a text; `1,5` is read in both ways, and one with a fraction also as the
    float nearest to it, which is all that a document keeps of it."""
    for sign, found in _NUMBER.findall(_plain(text)):
        readings = [found.translate(_GROUPING)]
        if _DECIMAL_COMMA.fullmatch(found):
            readings.append(found.replace(",", "."))
        for each in readings:
            yield _number(sign + each)
            if not each.isdigit():
                yield _number(repr(float(sign + each)))


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of more digits than there are numbers for
        return Decimal("NaN")  # which equals none
