"""Values of JSON and TOML for the fields of a dataclass, read by the types of the fields."""

from collections.abc import Callable
from functools import partial
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from strictgate.core.jsontext.reader import write_json


def field_readers(table: type) -> dict[str, Callable[[Any], Any]]:
    """Return a reader for each field of the dataclass `table`, by the field's name.

    A reader takes a value from JSON or TOML and returns the field's own. It does not convert types:
    `1` is not true and `"1"` no number. It raises ValueError where the value is not allowed, with a
    message that says what is: `input should be less than or equal to 10`.
    """
    hints = get_type_hints(table, include_extras=True)
    return {name: partial(_read_value, TypeAdapter(hint)) for name, hint in hints.items()}


def _read_value(adapter: TypeAdapter[Any], value: Any) -> Any:
    try:  # as JSON, since a strict Python value would have to be the enum's member itself
        return adapter.validate_json(write_json(value), strict=True)
    except ValidationError as error:
        first = error.errors()[0]["msg"]
        raise ValueError(first[:1].lower() + first[1:]) from error
