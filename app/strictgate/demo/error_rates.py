"""How reliable a model is: mistakes at a rate, and whether it makes them again.

A mistake belongs to a place in the document. Whether it is made there, and which one, depends on
nothing but the sample: the same request gets the same answer. Sticky mistakes do not depend on the
call, so that they are made again at the same place; feedback may break one.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from hashlib import blake2b
from typing import Any, TypeVar

Path = tuple[str | int, ...]
Choice = TypeVar("Choice")

_HEARD = 0.6  # how likely feedback breaks a sticky mistake
NAME, DROP, EXTRA, COMMA, TEXT = 0.5, 0.3, 0.5, 0.3, 0.3  # shares of the rate, by kind


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """How often what happens; everything from 0 to 1."""

    rate: float = 0.0
    """Mistakes per value."""
    sticky: float = 0.0
    """The share of them that is made again on every call."""
    wraps: float = 0.0
    """A fence, prose or thoughts around a fresh document."""
    restarts: float = 0.0
    """A fresh document in place of a continuation."""
    truncates: float = 0.0
    """An end in the middle."""
    blanks: float = 0.0
    """Newlines without end after a comma."""
    spaced: bool = False
    """Whether there is a blank behind commas and colons."""


def combined_rates(tempers: Iterable[ErrorRates]) -> ErrorRates:
    """Return the temper of a model that has all of these."""
    return ErrorRates(*map(max, zip(*map(astuple, (ErrorRates(), *tempers)), strict=True)))


@dataclass(frozen=True, slots=True)
class RandomSeed:
    """What chance depends on."""

    seed: str = ""
    """The same for all calls about one document."""
    call: str = ""
    """Another for each call."""
    feedback: bool = False
    """Whether the model was told of its mistakes."""

    def chance(self, *key: Any) -> float:
        """Return a number from 0 to 1 that depends on the seed and `key`."""
        digest = blake2b(repr((self.seed, key)).encode(), digest_size=7).digest()
        return int.from_bytes(digest) / (1 << 56)

    def chance_of_call(self, *key: Any) -> float:
        """Return a number from 0 to 1 that depends on the call too."""
        return self.chance("call", self.call, *key)


@dataclass(frozen=True, slots=True)
class ErrorSampler:
    """The mistakes of one answer."""

    rates: ErrorRates
    sample: RandomSeed

    def happens(self, path: Path, kind: str, weight: float = 1) -> bool:
        """Whether a mistake of this `kind` is made at `path`."""
        rate = self.rates.rate * weight
        if self._sticks(path, kind, rate):
            heard = (
                self.sample.feedback and self.sample.chance_of_call("heard", path, kind) < _HEARD
            )
            return not heard
        return rate > 0 and self.sample.chance_of_call(path, kind) < rate * (1 - self.rates.sticky)

    def pick(self, path: Path, kind: str, options: Sequence[Choice], weight: float = 1) -> Choice:
        """Return one of `options`; a sticky mistake is always the same."""
        sticks = self._sticks(path, kind, self.rates.rate * weight)
        draw = self.sample.chance if sticks else self.sample.chance_of_call
        return options[int(draw("which", path, kind) * len(options))]

    def _sticks(self, path: Path, kind: str, rate: float) -> bool:
        return self.sample.chance(path, kind) < rate * self.rates.sticky


# --- values ------------------------------------------------------------------------------------


def wrong_text(slips: ErrorSampler, value: Any, path: Path, *, option: bool) -> str | None:
    """Return a wrong text for `value`, or None where no mistake is made.

    Args:
        slips: decides.
        value: the right value.
        path: its place.
        option: whether it is one of several that the schema names.
    """
    for kind, (weight, applies, spell) in _KINDS.items():
        if applies(value, option):
            made = slips.happens(path, kind, weight)
            return slips.pick(path, kind, spell(value), weight) if made else None
    return None


def misspelt_name(slips: ErrorSampler, name: str, path: Path) -> str:
    """Return a name that resembles `name`."""
    camel = "".join(part.capitalize() if at else part for at, part in enumerate(name.split("_")))
    short = name.replace("_", "")[:1] + name[1:] + "_"
    ideas = (name.upper(), name + "s", short, "my_" + name, camel)
    return slips.pick(path, "name", [idea for idea in ideas if idea != name], NAME)


def _options(value: str) -> list[str]:
    ideas = (value.upper(), value.capitalize() + ".", value + "_value", "other", value[:2] + "zz")
    return [quoted(idea) for idea in ideas if idea != value]


def _texts(value: str) -> list[str]:
    return ["null", "12", f"[{quoted(value)}]"]


def _booleans(value: bool) -> list[str]:  # noqa: FBT001
    word = json.dumps(value)
    return [f'"{word}"', word.capitalize(), '"yes"' if value else '"no"', str(int(value))]


def _numbers(value: float) -> list[str]:
    number = json.dumps(value)
    return [f'"{number}"', f'"{number}"', "-99999999.5", "null", f"{number} USD"]


def _nulls(value: None) -> list[str]:
    return ['"null"', '"N/A"', "None"]


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_ErrorKind = tuple[float, Callable[[Any, bool], bool], Callable[[Any], list[str]]]
_KINDS: dict[str, _ErrorKind] = {
    "option": (1.0, lambda value, option: option and isinstance(value, str), _options),
    "text": (TEXT, lambda value, option: isinstance(value, str), _texts),
    "boolean": (1.0, lambda value, option: isinstance(value, bool), _booleans),
    "number": (1.0, lambda value, option: isinstance(value, int | float), _numbers),
    "null": (1.0, lambda value, option: value is None, _nulls),
}
