"""Value types: dataclasses that nobody changes once they are made.

The type checker holds that, and not the interpreter: a frozen dataclass sets each field by a call
of `object.__setattr__`, which makes one of eight fields take 1.8 µs instead of 0.2, and a request
makes some forty of them.

They are cheap to declare, too: `dataclass` writes, compiles and runs the source of each method, six
for a frozen class, which took a sixth of a start. Here each method is made when it is first called,
and many never are. A `state type` is the same for what does change, and so cannot be hashed.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields, make_dataclass
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")
_LITERALS: dict[Any, str] = {list: "[]", dict: "{}"}
"""What makes the same as a factory, without a call."""


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
    """Return a method as `dataclass` writes it."""
    method = _init_of(made) if name == "__init__" else getattr(_twin(made, name), name)
    method.__qualname__ = f"{made.__qualname__}.{name}"
    return method


def _init_of(made: Any) -> Callable[..., None]:
    """Return what sets the fields. A process writes some hundred of these, at a quarter of what a
    `_twin` takes."""
    names: dict[str, Any] = {"NEW": object()}
    given, lines = ["self"], []
    by_name: list[str] = []
    for each in fields(made):
        name, has_default = each.name, each.default is not MISSING
        has_factory = each.default_factory is not MISSING
        names[f"{name}_OR"] = each.default_factory if has_factory else each.default
        made_new = _LITERALS.get(each.default_factory, f"{name}_OR()")
        if each.init:
            default = f"={name}_OR" if has_default else "=NEW" if has_factory else ""
            (by_name if each.kw_only else given).append(name + default)
            new = f"{made_new} if {name} is NEW else " if has_factory else ""
            lines.append(f"self.{name} = {new}{name}")
        elif has_default or has_factory:
            lines.append(f"self.{name} = {made_new if has_factory else f'{name}_OR'}")
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join((*given, *(("*", *by_name) if by_name else ())))
    exec(f"def __init__({parameters}):\n " + "\n ".join(lines or ["pass"]), names)
    init: Callable[..., None] = names["__init__"]
    return init


def _twin(made: Any, name: str) -> type:
    """Return another dataclass with the same fields, and the one method."""
    return make_dataclass(
        made.__name__,
        [(each.name, each.type, _again(each)) for each in fields(made)],
        init=False,
        repr=name == "__repr__",
        eq=name in ("__eq__", "__hash__"),
        unsafe_hash=name == "__hash__",
    )


def _again(each: Field[Any]) -> Any:
    """Return what declares such a field: a field belongs to one class."""
    about: dict[str, Any] = {name: getattr(each, name) for name in ("repr", "hash", "compare")}
    return field(**about)
