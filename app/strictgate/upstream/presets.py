"""The presets of the providers: what presets.toml says, as values.

The file is part of the package and read once. A key that is neither `base_url` nor a field of
`Capabilities`, or a value that the field's type does not allow, is a ValueError that names it. No
code may ask which preset it has got; what differs between providers is in `Capabilities`.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any

from strictgate.core.capabilities import Capabilities
from strictgate.upstream.field_readers import field_readers


@dataclass(frozen=True, slots=True)
class Preset:
    """One provider."""

    name: str
    base_url: str
    """The address of its API; empty where the configuration must say it."""
    capabilities: Capabilities


def parse(text: str) -> Mapping[str, Preset]:
    """Return the presets that the TOML document `text` describes, by name.

    Raises:
        ValueError: it is not TOML, or has a key or value that no preset can have.
    """
    readers = field_readers(Capabilities) | {"base_url": field_readers(Preset)["base_url"]}
    return MappingProxyType(
        {name: _preset(name, table, readers) for name, table in tomllib.loads(text).items()}
    )


def _preset(name: str, table: Any, readers: Mapping[str, Callable[[Any], Any]]) -> Preset:
    if not isinstance(table, dict):
        raise ValueError(f"Preset {name}: expected a table")
    fields = {}
    for key, value in table.items():
        if key not in readers:
            raise ValueError(f"Preset {name}: unknown key {key!r}; known are {', '.join(readers)}")
        try:
            fields[key] = readers[key](value)
        except ValueError as error:
            raise ValueError(f"Preset {name}: {key} = {value!r}: {error}") from error
    return Preset(name, fields.pop("base_url", ""), Capabilities(**fields))


PRESETS = parse(resources.files(__package__).joinpath("presets.toml").read_text("utf-8"))
"""Every preset, by name."""
