"""The presets of the providers: what presets.toml says, as values.

The file is part of the package and read once. A key that is neither one of `Preset` nor a field of
`Capabilities`, or a value that the field's type does not allow, is a ValueError that names it. No
code may ask which preset it has got; what differs between providers is in `Capabilities`.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from importlib import resources
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from strictgate.core.capabilities import Capabilities
from strictgate.core.schema.dialects import DIALECTS
from strictgate.core.value_type import value_type
from strictgate.upstream.field_readers import field_readers

GENERIC = "generic"
"""The preset of a server of which nothing is known."""


@value_type
class Signs:
    """What shows that an upstream is of one provider; see presets.toml."""

    hosts: tuple[str, ...] = ()
    owned_by: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)


@value_type
class Preset:
    """One provider."""

    name: str
    base_url: str
    """The address of its API; empty where the configuration must say it."""
    capabilities: Capabilities
    known_by: Signs = Signs()


def parse(text: str) -> Mapping[str, Preset]:
    """Return the presets that the TOML document `text` describes, by name.

    Raises:
        ValueError: it is not TOML, or has a key or value that no preset can have.
    """
    return MappingProxyType(
        {name: _preset(name, table) for name, table in tomllib.loads(text).items()}
    )


def _preset(name: str, table: Any) -> Preset:
    if not isinstance(table, dict):
        raise ValueError(f"Preset {name}: expected a table")
    signs = table.pop("known_by", {})
    if not isinstance(signs, dict):
        raise ValueError(f"Preset {name}: known_by: expected a table")
    known_by = Signs(**_fields(f"{name}: known_by", signs, _SIGNS))
    fields = _fields(name, table, _READERS)
    if fields.get("dialect", "") not in {"", *DIALECTS}:
        raise ValueError(f"Preset {name}: dialect: known are {', '.join(DIALECTS)}")
    return Preset(name, fields.pop("base_url", ""), Capabilities(**fields), known_by)


def _fields(
    name: str, table: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]
) -> dict[str, Any]:
    fields = {}
    for key, value in table.items():
        if key not in readers:
            raise ValueError(f"Preset {name}: unknown key {key!r}; known are {', '.join(readers)}")
        try:
            fields[key] = readers[key](value)
        except ValueError as error:
            raise ValueError(f"Preset {name}: {key} = {value!r}: {error}") from error
    return fields


_READERS = field_readers(Capabilities) | {"base_url": field_readers(Preset)["base_url"]}
_SIGNS = field_readers(Signs)

PRESETS = parse(resources.files(__package__).joinpath("presets.toml").read_text("utf-8"))
"""Every preset, by name."""


def preset_of_host(base_url: str) -> str | None:
    """Return the name of the preset whose hosts `base_url` is on; None: of none."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    for preset in PRESETS.values():
        for known in preset.known_by.hosts:
            pattern = f"*{known}" if known.startswith(".") else known
            if fnmatchcase(host, pattern):
                return preset.name
    return None
