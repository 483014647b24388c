"""The STRICTGATE_* variables, as pydantic-settings reads them.

It brings parsers of command lines and readers of other sources with it, at 4 % of a start: so this
module is imported where there are variables.
"""

import json
from typing import Any, cast

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource


class Variables(EnvSettingsSource):
    """The variables of a configuration; a list need not be spelt as JSON."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            read = json.loads(value)
        except ValueError:
            return value  # the field's own validator takes it, or says what it wants
        return read if isinstance(read, list | dict | str) else value  # a key may be a number


def variable_tables(table: type[BaseModel], prefix: str) -> dict[str, Any]:
    """Return what this process's variables say of the fields of `table`, one in the other.

    Args:
        prefix: what their names begin with, before the path of the field.
    """
    settings = cast(type[BaseSettings], table)  # it asks for the fields alone
    source = Variables(settings, case_sensitive=False, env_prefix=prefix, env_nested_delimiter="__")
    return source()
