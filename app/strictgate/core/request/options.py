"""How hard to try: the settings of one conversation, and the knobs that a request may turn.

A request turns them with `extra_body={"strictgate": {"max_attempts": 1, …}}`; the key is removed
before anything is sent on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.errors import BadRequest
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import Formats

KNOBS_KEY = "strictgate"
MAX_ATTEMPTS = 10
MAX_CONTINUATIONS = 64
PROMPT_TEMPLATE = """\
Answer with one JSON document and nothing else: no words before or after it, no code fence.
The JSON document must be valid against this JSON Schema:
<json_schema>
{schema}
</json_schema>"""
"""The instructions that carry the schema into the prompt; `{schema}` stands for it."""


class StreamMode(StrEnum):
    AUTO = "auto"
    GUARDED = "guarded"
    BUFFERED = "buffered"


class StrictRules(StrEnum):
    ENFORCE = "enforce"
    OFF = "off"


class ToolEnforcement(StrEnum):
    """Whose arguments are enforced."""

    STRICT = "strict"
    """Of functions with `strict: true`."""
    ALL = "all"


class Steering(StrEnum):
    """Whether to use the log-probabilities of tokens, where the upstream gives them."""

    AUTO = "auto"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Enforcement:
    """See config.example.toml, table [enforcement]."""

    max_attempts: int = 3
    max_continuations: int = 16
    repair: Repair = Repair.LOSSLESS
    stream: StreamMode = StreamMode.AUTO
    strict_rules: StrictRules = StrictRules.ENFORCE
    formats: Formats = Formats.ASSERT
    steering: Steering = Steering.AUTO
    tools: ToolEnforcement = ToolEnforcement.STRICT
    token_budget: int = 0
    """Tokens that all attempts together may use before none is added; 0: no limit."""
    prompt_template: str = PROMPT_TEMPLATE
    modes: tuple[Mode, ...] = ()
    """Pins the modes for one request; empty: as known and learned."""


def with_overrides(base: Enforcement, knobs: Any) -> Enforcement:
    """Return `base` with the request's `knobs` (the value under KNOBS_KEY; None: no knobs).

    Raises:
        BadRequest: naming the knob and what it may be.
    """
    if knobs is None:
        return base
    if not isinstance(knobs, Mapping):
        raise BadRequest(f"'{KNOBS_KEY}' must be an object of knobs.", param=KNOBS_KEY)
    return replace(base, **{_known(name): _read(name, value) for name, value in knobs.items()})


def _known(name: str) -> str:
    if name not in KNOBS:
        known = ", ".join(sorted(KNOBS))
        raise BadRequest(
            f"Unknown parameter: '{KNOBS_KEY}.{name[:100]}'. Known knobs are: {known}.",
            param=f"{KNOBS_KEY}.{name[:100]}",
            code="unknown_parameter",
        )
    return name


def _read(name: str, value: Any) -> Any:
    reader, expected = KNOBS[name]
    try:
        return reader(value)
    except (ValueError, TypeError) as error:
        raise BadRequest(
            f"Invalid value for '{KNOBS_KEY}.{name}': expected {expected}.",
            param=f"{KNOBS_KEY}.{name}",
            code="invalid_value",
        ) from error


def _between(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError
        return value

    return read


def _modes(value: Any) -> tuple[Mode, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError
    return tuple(Mode(each) for each in value)


def _one_of(choices: type[StrEnum]) -> tuple[Callable[[Any], StrEnum], str]:
    return choices, "one of " + ", ".join(f"'{choice}'" for choice in choices)


KNOBS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "max_attempts": (
        _between(1, MAX_ATTEMPTS),
        f"an integer from 1 to {MAX_ATTEMPTS}",
    ),
    "max_continuations": (
        _between(0, MAX_CONTINUATIONS),
        f"an integer from 0 to {MAX_CONTINUATIONS}",
    ),
    "repair": _one_of(Repair),
    "stream": _one_of(StreamMode),
    "steering": _one_of(Steering),
    "tools": _one_of(ToolEnforcement),
    "strict_rules": _one_of(StrictRules),
    "formats": _one_of(Formats),
    "token_budget": (_between(0, 1 << 40), "a number of tokens, 0 for no limit"),
    "modes": (_modes, "an array of " + ", ".join(f"'{mode}'" for mode in Mode)),
}
