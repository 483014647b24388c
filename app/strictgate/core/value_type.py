"""Value types: dataclasses that nobody changes once they are made.

The type checker holds that, and not the interpreter: a frozen dataclass sets each field by a call
of `object.__setattr__`, which makes one of eight fields take 1.8 µs instead of 0.2, and a request
makes some forty of them.

They are cheap to declare, too: `dataclass` writes, compiles and runs the source of each method, six
for a frozen class, which took a sixth of a start. Here each method is made when it is first called,
and many never are. A `state type` is the same for what does change, and so cannot be hashed.
"""

from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields, make_dataclass
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_type(cls: type[T]) -> type[T]:
    """Make a dataclass of `cls`, with slots: equal by its fields, and to be hashed by them.

    To the type checker it is frozen. Methods that the class itself has stay.
    """
    return _declared(cls, ("__init__", "__repr__", "__eq__", "__hash__"))


@dataclass_transform(field_specifiers=(field,))
def state_type(cls: type[T]) -> type[T]:
    """Make a dataclass of `cls`, with slots: equal by its fields, which may change."""
    return _declared(cls, ("__init__", "__repr__", "__eq__"))


def _declared(cls: type[T], methods: tuple[str, ...]) -> type[T]:
    made: Any = dataclass(slots=True, init=False, repr=False, eq=False)(cls)
    for name in methods:
        if name not in cls.__dict__:
            setattr(made, name, _late(made, name))
    if "__hash__" not in made.__dict__:
        made.__hash__ = None
    return made  # type: ignore[no-any-return]


def _late(made: Any, name: str) -> Callable[..., Any]:
    """Return a method that puts the one that `dataclass` writes in its place when it is called."""

    def method(self: Any, *values: Any, **named: Any) -> Any:
        written = _written(made, name)
        setattr(made, name, written)  # another thread may do so, too: it comes to the same
        return written(self, *values, **named)

    method.__qualname__ = f"{made.__qualname__}.{name}"
    return method


def _written(made: Any, name: str) -> Callable[..., Any]:
    """Return a method as `dataclass` writes it: that of another one with the same fields."""
    after = getattr(made, "__post_init__", None)
    twin = make_dataclass(
        made.__name__,
        [(each.name, each.type, _again(each)) for each in fields(made)],
        namespace={} if after is None else {"__post_init__": after},
        init=name == "__init__",
        repr=name == "__repr__",
        eq=name in ("__eq__", "__hash__"),
        unsafe_hash=name == "__hash__",
        slots=True,
    )
    method: Callable[..., Any] = getattr(twin, name)
    method.__qualname__ = f"{made.__qualname__}.{name}"
    return method


def _again(each: Field[Any]) -> Any:
    """Return what declares such a field: a field belongs to one class."""
    about: dict[str, Any] = {
        name: getattr(each, name)
        for name in ("default", "default_factory", "init", "repr", "hash", "compare", "kw_only")
    }
    return field(**about)
