"""Value types: dataclasses that nobody changes once they are made.

The type checker holds that, and not the interpreter: a frozen dataclass sets each field by a call
of `object.__setattr__`, which makes one of eight fields take 1.8 µs instead of 0.2, and a request
makes some forty of them.

They are cheap to declare, too: `dataclass` writes, compiles and runs the source of each method, six
for a frozen class, which took a tenth of a start. Here that is `__init__` alone; what compares,
hashes and shows a value is the same for all classes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_type(cls: type[T]) -> type[T]:
    """Make a dataclass of `cls`, with slots: equal by its fields, and to be hashed by them.

    To the type checker it is frozen. What the class itself says of `__eq__`, `__hash__` or
    `__repr__` stays.
    """
    made = dataclass(slots=True, repr=False, eq=False)(cls)
    compared = [each.name for each in fields(made) if each.compare]  # type: ignore[arg-type]
    shown = [each.name for each in fields(made) if each.repr]  # type: ignore[arg-type]
    for method in (*_by(compared), _shown_by(shown)):
        if method.__name__ not in cls.__dict__:
            setattr(made, method.__name__, method)
    return made


def _by(names: list[str]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the methods that compare and hash a value by these fields."""
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda value: ()

    def __eq__(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def __hash__(self: Any) -> int:
        return hash(values(self))

    return __eq__, __hash__


def _shown_by(names: list[str]) -> Callable[..., Any]:
    """Return the method that shows a value as the call that makes it."""

    def __repr__(self: Any) -> str:
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({told})"

    return __repr__
