"""Mistakes at random: how often a model makes them, and whether it makes them again.

A mistake belongs to a place in the document. Whether it is made there, and which one it is, depends
on hashes of the request only, so the same request always gets the same answer. A *sticky* mistake
does not depend on the call: it is made again at the same place, unless feedback helps.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from hashlib import blake2b
from typing import Any, TypeVar

Path = tuple[str | int, ...]
Choice = TypeVar("Choice")

_FEEDBACK_HELPS = 0.6
"""The probability that a sticky mistake is not made again after feedback."""
NAME, DROP, EXTRA, COMMA, TEXT = 0.5, 0.3, 0.5, 0.3, 0.3
"""How likely each kind of mistake is at its place, as a share of the rate."""


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """How often a model does what; all rates are from 0 to 1."""

    rate: float = 0.0
    """Mistakes per value."""
    sticky: float = 0.0
    """The share of the mistakes that is made again on every call."""
    wraps: float = 0.0
    """Fresh documents with a fence, prose or thoughts around them."""
    restarts: float = 0.0
    """Continuations that are fresh documents instead."""
    truncates: float = 0.0
    """Answers that end in the middle."""
    blanks: float = 0.0
    """Answers that go on in newlines after a comma, without end."""
    spaced: bool = False
    """Whether there is a blank after commas and colons."""


def combined_rates(tempers: Iterable[ErrorRates]) -> ErrorRates:
    """Return the rates of a model that has all of these: the highest of each."""
    return ErrorRates(*map(max, zip(*map(astuple, (ErrorRates(), *tempers)), strict=True)))


@dataclass(frozen=True, slots=True)
class RandomSeed:
    """What all random numbers of one answer are made of."""

    seed: str = ""
    """The same for all calls about one document."""
    call: str = ""
    """Different for each call."""
    feedback: bool = False
    """Whether the model was told of its mistakes."""

    def chance(self, *key: Any) -> float:
        """Return a number from 0 to 1 that depends on the seed and on `key`."""
        # Python's own `hash` of a string is different in each process.
        digest = blake2b(repr((self.seed, key)).encode(), digest_size=7).digest()
        return int.from_bytes(digest) / (1 << 56)

    def chance_of_call(self, *key: Any) -> float:
        """Return a number from 0 to 1 that depends on the call as well."""
        return self.chance("call", self.call, *key)


@dataclass(frozen=True, slots=True)
class ErrorSampler:
    """Decides which mistakes are made in one answer."""

    rates: ErrorRates
    seed: RandomSeed

    def happens(self, path: Path, kind: str, weight: float = 1) -> bool:
        """Whether a mistake of this `kind` is made at `path`."""
        rate = self.rates.rate * weight
        if self._sticks(path, kind, rate):
            draw = self.seed.chance_of_call("heard", path, kind)
            return not (self.seed.feedback and draw < _FEEDBACK_HELPS)
        return rate > 0 and self.seed.chance_of_call(path, kind) < rate * (1 - self.rates.sticky)

    def pick(self, path: Path, kind: str, options: Sequence[Choice], weight: float = 1) -> Choice:
        """Return one of `options`; a sticky mistake is always the same."""
        sticks = self._sticks(path, kind, self.rates.rate * weight)
        draw = self.seed.chance if sticks else self.seed.chance_of_call
        return options[int(draw("which", path, kind) * len(options))]

    def _sticks(self, path: Path, kind: str, rate: float) -> bool:
        return self.seed.chance(path, kind) < rate * self.rates.sticky


# --- what is written instead -------------------------------------------------------------------


def wrong_text(sampler: ErrorSampler, value: Any, path: Path, *, option: bool) -> str | None:
    """Return a wrong text for a value; None if no mistake is made.

    Args:
        sampler: decides.
        value: the right value.
        path: its place in the document.
        option: whether the schema lists the values that may stand there.
    """
    for kind, (weight, applies, texts) in _KINDS.items():
        if applies(value, option):
            is_made = sampler.happens(path, kind, weight)
            return sampler.pick(path, kind, texts(value), weight) if is_made else None
    return None


def misspelt_name(sampler: ErrorSampler, name: str, path: Path) -> str:
    """Return a name that resembles `name`, as models misspell them."""
    camel = "".join(part.capitalize() if at else part for at, part in enumerate(name.split("_")))
    short = name.replace("_", "")[:1] + name[1:] + "_"
    ideas = (name.upper(), name + "s", short, "my_" + name, camel)
    return sampler.pick(path, "name", [idea for idea in ideas if idea != name], NAME)


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
    """Return `text` as a JSON string."""
    return json.dumps(text, ensure_ascii=False)


_ErrorKind = tuple[float, Callable[[Any, bool], bool], Callable[[Any], list[str]]]
"""The weight of a kind of mistake, whether it applies to a value (and to one of several options),
and the wrong texts for the value."""
_KINDS: dict[str, _ErrorKind] = {
    "option": (1.0, lambda value, option: option and isinstance(value, str), _options),
    "text": (TEXT, lambda value, option: isinstance(value, str), _texts),
    "boolean": (1.0, lambda value, option: isinstance(value, bool), _booleans),
    "number": (1.0, lambda value, option: isinstance(value, int | float), _numbers),
    "null": (1.0, lambda value, option: value is None, _nulls),
}
"""The first kind that applies to a value is the only one."""
