"""The strategies, as data: who is asked, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strictgate.gateway.knobs import KNOBS

_PROMPT = {"modes": ["prompt"], "steering": "off"}
_BUFFERED = _PROMPT | {"stream": "buffered"}


@dataclass(frozen=True, slots=True)
class Strategy:
    """One row of the table."""

    name: str
    about: str
    knobs: Mapping[str, Any] | None = None
    """The knobs of the request to Strictgate; None: the upstream is asked directly."""
    tries: int = 1
    """How often the upstream is asked, with its problems as feedback, if it is asked directly."""
    native: bool = False
    """Whether the upstream itself gets the schema as `response_format`, too."""
    stream: bool = False

    def missing(self) -> list[str]:
        """Return the knobs that this version of Strictgate does not have."""
        return [name for name in self.knobs or {} if name not in KNOBS and not self._is_off(name)]

    def known_knobs(self) -> dict[str, Any]:
        """Return the knobs without those that are unknown, and off."""
        return {name: value for name, value in (self.knobs or {}).items() if name in KNOBS}

    def _is_off(self, name: str) -> bool:
        return bool(self.knobs) and self.knobs[name] == "off"


def _repair(level: str) -> Strategy:
    return Strategy(
        f"strictgate-repair-{level}", f"repair level `{level}`", _BUFFERED | {"repair": level}
    )


STRATEGIES = (
    Strategy("prompt", "the upstream alone, the schema in the prompt"),
    Strategy("retry3", "the same, validated and asked again with the problems, 3 tries", tries=3),
    Strategy(
        "native",
        "the upstream's own grammar (`json_schema`), the schema in the prompt",
        native=True,
    ),
    Strategy("strictgate-buffered", "Strictgate, prompt only", _BUFFERED),
    Strategy(
        "strictgate-guarded",
        "the same, as a guarded stream",
        _PROMPT | {"stream": "guarded"},
        stream=True,
    ),
    Strategy(
        "strictgate-restart", "the same, always started anew", _BUFFERED | {"max_continuations": 0}
    ),
    Strategy(
        "strictgate-steered", "steered by log-probabilities", _BUFFERED | {"steering": "auto"}
    ),
    *(_repair(level) for level in ("off", "syntax", "lossless", "lenient")),
    Strategy(
        "strictgate-json_object",
        "JSON mode, then prompt",
        _BUFFERED | {"modes": ["json_object", "prompt"]},
    ),
    Strategy(
        "strictgate-right",
        "Strictgate as it comes: `prefer` is `right`",
        {"prefer": "right"},
    ),
    Strategy(
        "strictgate-right-stream",
        "the same, streamed",
        {"prefer": "right"},
        stream=True,
    ),
    Strategy(
        "strictgate-think",
        "the same, behind thoughts in a call of their own",
        {"prefer": "right", "think": "always"},
    ),
    Strategy(
        "strictgate-prefer-native",
        "the upstream's grammar first, going on from what is good",
        {"prefer": "native"},
    ),
    Strategy(
        "strictgate-cheap",
        "the same without the schema in the prompt",
        {"prefer": "cheap"},
    ),
    Strategy("strictgate-prompt", "the guard over the free answer alone", {"modes": ["prompt"]}),
    Strategy(
        "strictgate-native",
        "the upstream's grammar, through Strictgate",
        _BUFFERED | {"modes": ["native"]},
    ),
)
BY_NAME = {strategy.name: strategy for strategy in STRATEGIES}
