"""Contract and capabilities → the exact body to send, for each mode.

What differs between providers is in `Capabilities`; nothing here knows a provider by name. The
caller's body is copied, never changed; fields that are not ours pass through.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from strictgate.core.capabilities import Capabilities, ForcedTool, MaxTokens, Mode, Prefill
from strictgate.core.plan import prompt
from strictgate.core.request import response_format_aliases
from strictgate.core.request.contract import Contract
from strictgate.core.request.options import PROMPT_TEMPLATE
from strictgate.core.request.tools import Toolset
from strictgate.core.schema import root_wrapper
from strictgate.core.schema.schema import Schema

Body = dict[str, Any]

_OURS = response_format_aliases.FIELDS | {
    "response_format",
    "strictgate",
    "stream",
    "stream_options",
    "n",
}


class Purpose(StrEnum):
    """What an ask is for."""

    TRY = "try"
    """A whole document."""
    CONTINUATION = "continuation"
    """The rest of one."""
    QUESTION = "question"
    """Which of several values it was to be."""


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
    purpose: Purpose = Purpose.TRY
    base: str = ""
    """A path that takes the place of the base URL's, for this request."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Everything that plans for one request are made of."""

    contract: Contract
    schema: Schema
    """Of the document; of no account where none is wanted."""
    capabilities: Capabilities
    body: Mapping[str, Any]
    """As the caller sent it."""
    model: str
    """What the upstream calls the model."""
    template: str = PROMPT_TEMPLATE
    steers: bool = False
    """Ask for the alternatives of each token, where that can be of use."""
    tools: Toolset | None = None
    """By what calls of the caller's functions are judged."""

    @property
    def can_continue(self) -> bool:
        """Whether the model goes on from a prefix, as far as is known."""
        return self.contract.has_document and self.capabilities.prefill is not Prefill.NONE

    def ladder(self, refused: Collection[Mode] = ()) -> tuple[Mode, ...]:
        """Return the modes to try, best first, less those `refused` or not to be combined.

        Where nothing is left, the last mode that the upstream is said to have is tried again: an
        honest refusal by the upstream beats one of ours.
        """
        if not self.contract.has_document:  # what is native of tools
            return (Mode.NATIVE,)
        fit = [mode for mode in self.capabilities.modes if self._combines(mode)] or [Mode.PROMPT]
        if self.contract.is_json_object:  # JSON mode says just that; the rest approaches it
            fit.sort(key=lambda mode: mode is not Mode.JSON_OBJECT)
        return tuple(mode for mode in fit if mode not in refused) or (fit[-1],)

    def _combines(self, mode: Mode) -> bool:
        if not self.contract.has_tools or mode is Mode.PROMPT:
            return True
        return mode is not Mode.TOOL and self.capabilities.json_with_tools

    def plan(
        self,
        mode: Mode,
        *,
        stream: bool | None = None,
        remind: bool = False,
        wrapped: bool | None = None,
    ) -> Plan:
        """Return the plan for `mode`.

        Args:
            stream: whether to stream from the upstream; by default as the caller and the
                capabilities have it.
            remind: put the instructions into the prompt even where they seem to be there.
            wrapped: whether to ask for `{"value": <document>}`; by default where the mode needs it.
        """
        if wrapped is None:
            is_bare = self.contract.has_document and not self.schema.is_object_root
            wrapped = mode.yields_objects_only and is_bare
        dropped = [key for key in self.capabilities.drop if key in self.body]
        body = {
            key: value
            for key, value in self.body.items()
            if key not in _OURS and key not in dropped
        }
        body["model"] = self.model
        body["messages"] = self._messages(mode, wrapped=wrapped, remind=remind)
        if self.contract.has_document:
            body |= _FORMATS[mode](
                self, root_wrapper.wrap_root(self.schema.source) if wrapped else None
            )
        if "plugins" in body:
            body["plugins"] = response_format_aliases.without_healing(body["plugins"])
        self._budget(body)
        streamed = self._streams(mode) if stream is None else stream
        body |= self._several() | (self._streaming() if streamed else {})
        body |= self._alternatives()
        inside = [
            f"messages[].{key}"
            for key in self.capabilities.drop_in_messages
            if any(key in message for message in self.body["messages"])
        ]
        return Plan(mode, body, wrapped, streamed, (*dropped, *inside))

    def continuation(self, prefix: str, *, wrapped: bool, hint: str, spent: int) -> Plan:
        """Return the plan that asks for what comes behind `prefix`.

        Never together with JSON mode, which makes models start anew (Moonshot's documentation).

        Args:
            wrapped: `prefix` begins with the wrapper.
            hint: what to tell the model first; "": nothing.
            spent: tokens of the caller's budget that are used up.
        """
        plan = self.plan(Mode.PROMPT, stream=True, wrapped=wrapped)
        body = {key: value for key, value in plan.body.items() if key != "n"}
        message, fields = _PREFILLS[self.capabilities.prefill]
        messages = prompt.with_hint(body["messages"], hint) if hint else body["messages"]
        body["messages"] = [*messages, {"role": "assistant", "content": prefix} | message]
        body |= fields | ({"tool_choice": "none"} if self.contract.has_tools else {})
        for key in _BUDGETS & body.keys():
            if isinstance(body[key], int):
                body[key] = max(1, body[key] - spent)
        base = self.capabilities.prefill_base
        return replace(plan, body=body, purpose=Purpose.CONTINUATION, base=base)

    def question(self, prefix: str, text: str) -> Plan:
        """Return the plan that asks `text` about a document that goes as far as `prefix`."""
        plan = self.plan(Mode.PROMPT, stream=False)
        unwanted = {"n", "tools", "tool_choice", "logprobs", "top_logprobs", *_BUDGETS}
        body = {key: value for key, value in plan.body.items() if key not in unwanted}
        asked = [{"role": "assistant", "content": prefix}, {"role": "user", "content": text}]
        body["messages"] = [*body["messages"], *asked]
        wanted = self.capabilities.max_tokens
        body[(MaxTokens.OLD if wanted is MaxTokens.EITHER else wanted).value] = _ANSWER_TOKENS
        return replace(plan, body=body, purpose=Purpose.QUESTION)

    def reseeded(self, asked: int) -> Body:
        """Return the seed for the next ask after `asked` others: with the same, a model would make
        the same mistake again."""
        seed = self.body.get("seed")
        return {"seed": seed + asked} if isinstance(seed, int) else {}

    def budget(self) -> int | None:
        """Return the caller's own limit on the tokens of an answer."""
        given = [self.body[key] for key in _BUDGETS & self.body.keys()]
        return min((each for each in given if isinstance(each, int)), default=None)

    def _messages(self, mode: Mode, *, wrapped: bool, remind: bool) -> list[prompt.Message]:
        unwanted = set(self.capabilities.drop_in_messages)
        messages = [
            {key: value for key, value in message.items() if key not in unwanted}
            for message in self.body["messages"]
        ]
        if not (remind or self._needs_prompt(mode, messages)):
            return messages
        schema_text = (
            root_wrapper.wrapped_schema_text(self.schema.source) if wrapped else self.schema.text
        )
        text = prompt.instructions(
            mode,
            self.contract.name,
            None if self.contract.is_json_object else schema_text,
            self.template,
        )
        return prompt.with_instructions(messages, text)

    def _needs_prompt(self, mode: Mode, messages: list[prompt.Message]) -> bool:
        if not self.contract.has_document:
            return False
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
        is_plain = mode in (Mode.TOOL, Mode.PROMPT) or not self.contract.has_document
        free = is_plain or self.capabilities.json_with_stream
        return free and (self.contract.stream or self.can_continue)  # what streams can be stopped

    def _streaming(self) -> Body:
        usage = (
            {"stream_options": {"include_usage": True}} if self.capabilities.stream_usage else {}
        )
        return {"stream": True} | usage

    def _alternatives(self) -> Body:
        most = self.capabilities.top_logprobs
        if not (self.steers and most) or self.body.get("logprobs"):
            return {}
        return {"logprobs": True, "top_logprobs": most}

    def _several(self) -> Body:
        several = self.contract.choices > 1 and self.capabilities.several_choices
        return {"n": self.contract.choices} if several else {}


# --- the message that is to be gone on from, for each style --------------------------------------

_BUDGETS = frozenset(each.value for each in (MaxTokens.OLD, MaxTokens.NEW))
_ANSWER_TOKENS = 64  # for the answer to a question

_PREFILLS: dict[Prefill, tuple[Body, Body]] = {
    Prefill.NONE: ({}, {}),
    Prefill.TRAILING: ({}, {}),
    Prefill.PARTIAL: ({"partial": True}, {}),
    Prefill.PREFIX: ({"prefix": True}, {}),
    Prefill.CONTINUE_FINAL: (
        {},
        {"continue_final_message": True, "add_generation_prompt": False},
    ),
}
"""What is added to the last message, and to the request."""

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
