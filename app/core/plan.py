"""Contract and capabilities → the exact body to send, for each mode.

What differs between providers is in `Capabilities`; nothing here knows a provider by name. The
caller's body is copied, never changed; fields that are not ours pass through.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from app.core import prompt, wrapping
from app.core.capabilities import Capabilities, ForcedTool, MaxTokens, Mode
from app.core.contract import Contract
from app.core.schema import Schema

Body = dict[str, Any]

_OURS = frozenset({"response_format", "strictgate", "stream", "stream_options", "n"})


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to put the contract to the model."""

    mode: Mode
    body: Body
    """The whole upstream request."""
    wrapped: bool
    """The model is asked for `{"value": <document>}`."""
    streamed: bool
    dropped: tuple[str, ...]
    """Fields of the caller's that the upstream would refuse, left out."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Everything that plans for one request are made of."""

    contract: Contract
    schema: Schema
    capabilities: Capabilities
    body: Mapping[str, Any]
    """As the caller sent it."""
    model: str
    """What the upstream calls the model."""
    template: str = prompt.TEMPLATE

    def ladder(self, refused: Collection[Mode] = ()) -> tuple[Mode, ...]:
        """Return the modes to try, best first, less those `refused` or not to be combined.

        Where nothing is left, the last mode that the upstream is said to have is tried again: an
        honest refusal by the upstream beats one of ours.
        """
        fit = [mode for mode in self.capabilities.modes if self._combines(mode)] or [Mode.PROMPT]
        if self.contract.is_json_object:  # JSON mode says just that; the rest approaches it
            fit.sort(key=lambda mode: mode is not Mode.JSON_OBJECT)
        return tuple(mode for mode in fit if mode not in refused) or (fit[-1],)

    def _combines(self, mode: Mode) -> bool:
        if not self.contract.has_tools or mode is Mode.PROMPT:
            return True
        return mode is not Mode.TOOL and self.capabilities.json_with_tools

    def plan(self, mode: Mode, *, stream: bool | None = None, remind: bool = False) -> Plan:
        """Return the plan for `mode`.

        Args:
            stream: whether to stream from the upstream; by default as the caller and the
                capabilities have it.
            remind: put the instructions into the prompt even where they seem to be there.
        """
        wrapped = mode.yields_objects_only and not self.schema.is_object_root
        dropped = [key for key in self.capabilities.drop if key in self.body]
        body = {
            key: value
            for key, value in self.body.items()
            if key not in _OURS and key not in dropped
        }
        body["model"] = self.model
        body["messages"] = self._messages(mode, wrapped=wrapped, remind=remind)
        body |= _FORMATS[mode](self, wrapping.wrap(self.schema.source) if wrapped else None)
        self._budget(body)
        streamed = self._streams(mode) if stream is None else stream
        body |= self._several() | (self._streaming() if streamed else {})
        inside = [
            f"messages[].{key}"
            for key in self.capabilities.drop_in_messages
            if any(key in message for message in self.body["messages"])
        ]
        return Plan(mode, body, wrapped, streamed, (*dropped, *inside))

    def _messages(self, mode: Mode, *, wrapped: bool, remind: bool) -> list[prompt.Message]:
        unwanted = set(self.capabilities.drop_in_messages)
        messages = [
            {key: value for key, value in message.items() if key not in unwanted}
            for message in self.body["messages"]
        ]
        if not (remind or self._needs_prompt(mode, messages)):
            return messages
        schema_text = wrapping.text(self.schema.source) if wrapped else self.schema.text
        text = prompt.instructions(
            mode,
            self.contract.name,
            None if self.contract.is_json_object else schema_text,
            self.template,
        )
        return prompt.merge(messages, text)

    def _needs_prompt(self, mode: Mode, messages: list[prompt.Message]) -> bool:
        if mode is Mode.NATIVE:
            return self.capabilities.native_needs_prompt
        if mode is Mode.JSON_OBJECT and self.contract.is_json_object:
            return not prompt.mention_json(messages)
        return True

    def _budget(self, body: Body) -> None:
        old, new = MaxTokens.OLD.value, MaxTokens.NEW.value
        wanted = self.capabilities.max_tokens
        if wanted is not MaxTokens.EITHER:
            other = new if wanted is MaxTokens.OLD else old
            budget = body.pop(other, None)
            if budget is not None:
                body.setdefault(wanted.value, budget)

    def _streams(self, mode: Mode) -> bool:
        free = mode in (Mode.TOOL, Mode.PROMPT) or self.capabilities.json_with_stream
        return self.contract.stream and free

    def _streaming(self) -> Body:
        usage = (
            {"stream_options": {"include_usage": True}} if self.capabilities.stream_usage else {}
        )
        return {"stream": True} | usage

    def _several(self) -> Body:
        several = self.contract.choices > 1 and self.capabilities.several_choices
        return {"n": self.contract.choices} if several else {}


# --- the field that carries the schema, for each mode --------------------------------------------


def _native(planner: Planner, wrapper: Any) -> Body:
    contract = planner.contract
    inner: Body = {"name": contract.name}
    if contract.description is not None:
        inner["description"] = contract.description
    inner["schema"] = planner.schema.source if wrapper is None else wrapper
    if contract.strict:
        inner["strict"] = True
    return {"response_format": {"type": "json_schema", "json_schema": inner}}


def _json_object(planner: Planner, wrapper: Any) -> Body:
    return {"response_format": {"type": "json_object"}}


def _tool(planner: Planner, wrapper: Any) -> Body:
    contract = planner.contract
    function = {
        "name": contract.name,
        "description": contract.description or "Give the answer.",
        "parameters": planner.schema.source if wrapper is None else wrapper,
    }
    tools: Body = {"tools": [{"type": "function", "function": function}]}
    match planner.capabilities.forced_tool:
        case ForcedTool.NAMED:
            choice = {"type": "function", "function": {"name": contract.name}}
            return tools | {"tool_choice": choice}
        case ForcedTool.REQUIRED:
            return tools | {"tool_choice": "required"}
        case ForcedTool.AUTO:
            return tools


def _prompt(planner: Planner, wrapper: Any) -> Body:
    return {}


_FORMATS: dict[Mode, Callable[[Planner, Any], Body]] = {
    Mode.NATIVE: _native,
    Mode.JSON_OBJECT: _json_object,
    Mode.TOOL: _tool,
    Mode.PROMPT: _prompt,
}
