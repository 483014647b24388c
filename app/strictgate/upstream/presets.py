"""The presets of the providers: what presets.toml says, as values.

The file is part of the package and read once. It is checked like any input: a key or a value that
nothing here knows is a ValueError that names it. No code may ask which preset it has got; what
differs between providers is in `Capabilities`.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any

from strictgate.core.capabilities import Capabilities, ForcedTool, MaxTokens, Mode, Prefill


@dataclass(frozen=True, slots=True)
class Preset:
    """One provider."""

    name: str
    base_url: str
    """Empty where the configuration must say it."""
    api_key_env_hint: str
    """The customary variable for its key, for documentation; empty if there is none."""
    capabilities: Capabilities


def parse(text: str) -> Mapping[str, Preset]:
    """Return the presets that the TOML document `text` describes, by name.

    Raises:
        ValueError: it is not TOML, or has a key or value that no preset can have.
    """
    tables = tomllib.loads(text)
    return MappingProxyType({name: _preset(name, table) for name, table in tables.items()})


def _preset(name: str, table: Any) -> Preset:
    if not isinstance(table, dict):
        raise ValueError(f"Preset {name}: expected a table")
    fields = {key: _value(name, key, value) for key, value in table.items()}
    return Preset(
        name,
        fields.pop("base_url", ""),
        fields.pop("api_key_env_hint", ""),
        Capabilities(**fields),
    )


def _value(name: str, key: str, value: Any) -> Any:
    if key not in READERS:
        raise ValueError(f"Preset {name}: unknown key {key!r}; known are {', '.join(READERS)}")
    try:
        return READERS[key](value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Preset {name}: {key} = {value!r}: {error}") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a string")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("expected true or false")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("expected a whole number")
    return value


def _list(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("expected a list of strings")
    return tuple(map(_text, value))


def _modes(value: Any) -> tuple[Mode, ...]:
    modes = tuple(map(Mode, _list(value)))
    if not modes or len(set(modes)) < len(modes):
        raise ValueError("expected at least one mode, and each once")
    return modes


READERS: Mapping[str, Callable[[Any], Any]] = {
    "base_url": _text,
    "api_key_env_hint": _text,
    "modes": _modes,
    "native_needs_prompt": _flag,
    "json_with_tools": _flag,
    "tools": _flag,
    "responses": _flag,
    "json_with_stream": _flag,
    "several_choices": _flag,
    "stream_usage": _flag,
    "forced_tool": ForcedTool,
    "max_tokens": MaxTokens,
    "prefill": Prefill,
    "prefill_base": _text,
    "top_logprobs": _number,
    "drop": _list,
    "drop_in_messages": _list,
}

PRESETS = parse(resources.files(__package__).joinpath("presets.toml").read_text("utf-8"))
"""Every preset, by name."""
