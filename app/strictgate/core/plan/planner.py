"""Contract and capabilities → the exact body to send, for each mode.

What differs between providers is in `Capabilities`; nothing here knows a provider by name. The
caller's body is copied, never changed; fields that are not ours pass through. What a mode puts into
the body is a table (mode_fields.py), what an upstream refuses and can be done without another
(optional_fields.py).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from strictgate.core.capabilities import Capabilities, MaxTokens, Mode, OptionalField, Prefill
from strictgate.core.plan import prompt
from strictgate.core.plan.mode_fields import MODE_FIELDS, PREFILL_FIELDS
from strictgate.core.plan.optional_fields import (
    FieldPolicy,
    Origin,
    refused_field,
    without_fields,
)
from strictgate.core.plan.plan import Body, DocumentPart, Plan, Purpose
from strictgate.core.plan.sent_schema import (
    HELD_BY,
    SentSchema,
    field_schema,
    needs_wrapper,
    unsaid,
    without_strict,
)
from strictgate.core.plan.sent_tools import Compiled, sent_tools
from strictgate.core.request import response_format_aliases
from strictgate.core.request.contract import Contract
from strictgate.core.request.options import PROMPT_TEMPLATE
from strictgate.core.request.tools import Toolset
from strictgate.core.schema import root_wrapper
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import value_type

_OURS = response_format_aliases.FIELDS | {
    *("response_format", "strictgate", "stream", "stream_options", "n")
}
"""Fields of the caller's that the plan writes anew."""
_BUDGETS = frozenset(each.value for each in (MaxTokens.OLD, MaxTokens.NEW))
_ANSWER_TOKENS = 64  # for the answer to a question


@value_type
class Planner:
    """Everything that plans for one request are made of."""

    contract: Contract
    schema: Schema
    """Schema of the document; unused if the caller wants text."""
    capabilities: Capabilities
    body: Mapping[str, Any]
    """The request as the caller sent it."""
    model: str
    """What the upstream calls the model."""
    template: str = PROMPT_TEMPLATE
    steers: bool = False
    """Ask for the alternatives of each token, where that can be of use."""
    tools: Toolset | None = None
    """By what calls of the caller's functions are judged."""
    origin: Origin = Origin.CHAT
    left_out: tuple[str, ...] = ()
    """What of the caller's request is not in `body`, and so is told of."""
    parts: tuple[DocumentPart, ...] = ()
    """In which the document is asked for; nothing: it is asked for whole."""

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
        if self.capabilities.limits_schemas:
            fit = [mode for mode in fit if self.expresses(mode)] or fit
        if self.contract.is_json_object:  # JSON mode says just that; the rest approaches it
            fit.sort(key=lambda mode: mode is not Mode.JSON_OBJECT)
        elif self.capabilities.prompt_first and self.can_continue:
            fit.sort(key=lambda mode: mode is not Mode.PROMPT)
        return tuple(mode for mode in fit if mode not in refused) or (fit[-1],)

    def _combines(self, mode: Mode) -> bool:
        """Whether `mode` can be asked for, and goes together with the caller's tools.

        An engine's grammar of a format forbids to call a function; so tools are then sent as they
        are, and the format is told in the prompt.
        """
        if mode is Mode.TOOL and not self.capabilities.tools:
            return False
        if not self.contract.has_tools or mode is Mode.PROMPT:
            return True
        return mode is not Mode.TOOL and self.capabilities.json_with_tools

    def expresses(self, mode: Mode) -> bool:
        """Whether the schema can be said in the dialect that `mode` takes."""
        return not self.unsaid(mode)

    def unsaid(self, mode: Mode) -> str:
        """Return what the dialect that `mode` takes cannot say; "": it can say all."""
        if not self.contract.has_document:
            return ""
        return unsaid(self.schema, self.contract, self.capabilities, mode)

    def _field_schema(self, mode: Mode, *, wrapped: bool) -> SentSchema | None:
        """Return what the field of `mode` is to hold; None: it has none."""
        if mode not in HELD_BY or not self.contract.has_document:
            return None
        return field_schema(self.schema, self.contract, self.capabilities, mode, wrapped=wrapped)

    def _must_tell(self, schema: SentSchema | None) -> bool:
        """Whether the prompt must say what the field does not, where there is a prompt of ours."""
        is_silent = schema is not None and bool(schema.left_out) and not schema.is_told
        return is_silent and self.origin is not Origin.VERBATIM

    # --- plans -----------------------------------------------------------------------------------

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
            is_wanted = self.contract.has_document and mode.yields_objects_only
            known = (self.schema, self.contract, self.capabilities)
            wrapped = is_wanted and needs_wrapper(*known, mode)
        dropped = [key for key in self.capabilities.drop if key in self.body]
        unwanted = _OURS.union(dropped)
        body = {key: value for key, value in self.body.items() if key not in unwanted}
        body["model"] = self.model
        functions: Compiled = {}
        if self.tools is not None and "tools" in body and self.origin is not Origin.VERBATIM:
            body["tools"], functions = sent_tools(body["tools"], self.tools, self.capabilities)
        schema = self._field_schema(mode, wrapped=wrapped)
        remind |= self._must_tell(schema)
        body["messages"] = self._messages(mode, wrapped=wrapped, remind=remind)
        if self.contract.has_document:
            asked, source = self.contract, None
            if schema is not None:
                asked, source = without_strict(asked, schema), schema.source
            body |= MODE_FIELDS[mode](asked, source, self.capabilities.forced_tool)
        if "plugins" in body:
            body["plugins"] = response_format_aliases.without_healing(body["plugins"])
        self._rename_budget(body)
        streams = self._streams(mode) if stream is None else stream
        streams &= schema is None or not schema.has_nulls  # these are read from a whole document
        body |= self._several_choices() | self._alternatives()
        body |= self._stream_fields() if streams else {}
        inside = [
            f"messages[].{key}"
            for key in self.capabilities.drop_in_messages
            if any(key in message for message in self.body["messages"])
        ]
        body, told = self._without(body)
        streamed = body.get("stream") is True
        lost = (*dropped, *inside, *told, *self.left_out)
        return Plan(mode, body, wrapped, streamed, lost, schema=schema, functions=functions)

    def follow_up(self, plan: Plan, feedback: Sequence[prompt.Message], asked: int) -> Body:
        """Return the body that asks `plan` again about one choice, after `asked` other asks."""
        body = {key: value for key, value in plan.body.items() if key != "n"}
        body["messages"] = [*body["messages"], *self._taken(feedback)]
        return self._without(body | self.next_seed(asked))[0]

    @property
    def can_hold_rest(self) -> bool:
        """Whether the upstream's grammar can hold what comes behind a prefix."""
        able = self.capabilities.prefill_with_native and Mode.NATIVE in self.capabilities.modes
        is_document = self.contract.has_document and not self.contract.is_json_object
        return able and is_document and not self.contract.has_tools

    def continuation(
        self, prefix: str, *, wrapped: bool, hint: str, spent: int, native: Any = None
    ) -> Plan:
        """Return the plan that asks for what comes behind `prefix`.

        Never together with JSON mode, which makes models start anew (Moonshot's documentation);
        with native mode where that is known to hold the rest.

        Args:
            wrapped: `prefix` begins with the wrapper.
            hint: what to tell the model first; "": nothing.
            spent: tokens of the caller's budget that are used up.
            native: a schema, without the wrapper, that the upstream's grammar is to hold to.
        """
        plan = self.plan(Mode.PROMPT, stream=True, wrapped=wrapped)
        body = {key: value for key, value in plan.body.items() if key != "n"}
        if hint:
            body["messages"] = prompt.with_hint(body["messages"], hint)
        body |= {"tool_choice": "none"} if self.contract.has_tools else {}
        if native is not None:
            source = root_wrapper.wrap_root(native) if wrapped else native
            body |= MODE_FIELDS[Mode.NATIVE](self.contract, source, self.capabilities.forced_tool)
            plan = replace(plan, mode=Mode.NATIVE)
        return self._continued(plan, body, prefix, spent)

    @property
    def can_continue_input(self) -> bool:
        """Whether the model goes on from the beginning of a custom tool's input, as far as is
        known: as plain text, for no host goes on from the middle of a call."""
        return self.contract.has_tools and self.capabilities.prefill is not Prefill.NONE

    def input_continuation(self, prefix: str, told: str, spent: int) -> Plan:
        """Return the plan that asks for what comes behind `prefix` in the input of a custom tool.

        Args:
            told: what the model is told first.
            spent: tokens of the caller's budget that are used up.
        """
        plan = self.plan(Mode.PROMPT, stream=True, remind=False)
        unwanted = {"n", "tools", "tool_choice", "parallel_tool_calls"}
        body = {key: value for key, value in plan.body.items() if key not in unwanted}
        body["messages"] = prompt.with_hint(self._taken(self.body["messages"]), told)
        return self._continued(plan, body, prefix, spent)

    def _continued(self, plan: Plan, body: Body, prefix: str, spent: int) -> Plan:
        """Return `plan` with `body` as one that asks for what comes behind `prefix`."""
        message, fields = PREFILL_FIELDS[self.capabilities.prefill]
        said = {"role": "assistant", "content": prefix} | message
        body = body | {"messages": [*body["messages"], said]} | fields
        for key in _BUDGETS & body.keys():
            if isinstance(body[key], int):
                body[key] = max(1, body[key] - spent)
        body, _ = self._without(body)
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
        body, _ = self._without(body)
        return replace(plan, body=body, purpose=Purpose.QUESTION)

    def thought(self, *, stream: bool) -> Plan:
        """Return the plan that asks for thoughts, with half of the caller's budget."""
        plan = self.plan(Mode.PROMPT, stream=stream)
        unwanted = {"n", "logprobs", "top_logprobs"}
        body = {key: value for key, value in plan.body.items() if key not in unwanted}
        told = prompt.thinking(self.schema.text)
        body["messages"] = prompt.with_hint(self._taken(self.body["messages"]), told)
        for key in _BUDGETS & body.keys():
            if isinstance(body[key], int):
                body[key] = max(1, body[key] // 2)
        body, _ = self._without(body)
        return replace(plan, body=body, purpose=Purpose.THOUGHT)

    def having_thought(self, text: str, tokens: int) -> "Planner":
        """Return a planner that asks with the model's thought, which took `tokens`, before it."""
        body = dict(self.body)
        body["messages"] = prompt.with_thought(body["messages"], text)
        for key in _BUDGETS & body.keys():
            if isinstance(body[key], int):
                body[key] = max(1, body[key] - tokens)
        return replace(self, body=body)

    def next_seed(self, asked: int) -> Body:
        """Return the seed for the next ask after `asked` others: with the same, a model would make
        the same mistake again."""
        seed = self.body.get("seed")
        return {"seed": seed + asked} if isinstance(seed, int) else {}

    def budget(self) -> int | None:
        """Return the caller's own limit on the tokens of an answer."""
        return token_budget(self.body)

    # --- what the upstream refuses ---------------------------------------------------------------

    def having(self, **changes: Any) -> "Planner":
        """Return a planner with other capabilities, by the names of their fields."""
        return replace(self, capabilities=replace(self.capabilities, **changes))

    def without(self, field: OptionalField) -> "Planner":
        """Return a planner that does without `field`, too."""
        return self.having(without=(*self.capabilities.without, field))

    def refused_field(self, status: int, error: Any, sent: Body) -> OptionalField | None:
        """Return what an error answer to `sent` refuses and can be done without; see there."""
        policy = FieldPolicy(self.body, self.origin)
        return refused_field(status, error, sent, self.capabilities.without, policy)

    def _without(self, body: Body) -> tuple[Body, tuple[str, ...]]:
        if not self.capabilities.without:
            return body, ()
        return without_fields(body, self.capabilities.without, FieldPolicy(self.body, self.origin))

    # --- parts of the body -----------------------------------------------------------------------

    def _messages(self, mode: Mode, *, wrapped: bool, remind: bool) -> list[prompt.Message]:
        messages = self._taken(self.body["messages"])
        if not (remind or self._needs_prompt(mode, messages)):
            return messages
        return prompt.with_instructions(messages, self.instructions(mode, wrapped=wrapped))

    def instructions(self, mode: Mode, *, wrapped: bool) -> str:
        """Return what the messages tell of the format, where they do."""
        schema_text = (
            root_wrapper.wrapped_schema_text(self.schema.source) if wrapped else self.schema.text
        )
        told = None if self.contract.is_json_object else schema_text
        return prompt.instructions(mode, self.contract.name, told, self.template)

    def _taken(self, messages: Sequence[Mapping[str, Any]]) -> list[prompt.Message]:
        """Return `messages` with what the upstream takes in them."""
        unwanted = self.capabilities.drop_in_messages
        if not unwanted:
            return [dict(message) for message in messages]
        return [
            {key: value for key, value in message.items() if key not in unwanted}
            for message in messages
        ]

    def _needs_prompt(self, mode: Mode, messages: list[prompt.Message]) -> bool:
        if not self.contract.has_document:
            return False
        if mode is Mode.NATIVE:
            return self.capabilities.native_needs_prompt
        if mode is Mode.JSON_OBJECT and self.contract.is_json_object:
            return not prompt.mention_json(messages)
        return True

    def _rename_budget(self, body: Body) -> None:
        wanted = self.capabilities.max_tokens
        if wanted is not MaxTokens.EITHER:
            old, new = MaxTokens.OLD.value, MaxTokens.NEW.value
            other = new if wanted is MaxTokens.OLD else old
            budget = body.pop(other, None)
            if budget is not None:
                body.setdefault(wanted.value, budget)

    def _streams(self, mode: Mode) -> bool:
        is_plain = mode in (Mode.TOOL, Mode.PROMPT) or not self.contract.has_document
        is_free = is_plain or self.capabilities.json_with_stream
        return is_free and (self.contract.stream or self._can_be_stopped)

    @property
    def _can_be_stopped(self) -> bool:
        """Whether what has gone wrong, or is whole, can be stopped: what streams can.

        Hosts that are known to go on from prefixes are known to stream as well.
        """
        is_judged = self.contract.has_document or self.tools is not None
        return is_judged and self.capabilities.prefill is not Prefill.NONE

    def _stream_fields(self) -> Body:
        usage = {"stream_options": {"include_usage": True}}
        return {"stream": True} | (usage if self.capabilities.stream_usage else {})

    def _alternatives(self) -> Body:
        most = self.capabilities.top_logprobs
        if not (self.steers and most) or self.body.get("logprobs"):
            return {}
        return {"logprobs": True, "top_logprobs": most}

    def _several_choices(self) -> Body:
        count = self.contract.choices if self.capabilities.several_choices else 1
        return {"n": count} if count > 1 else {}


def token_budget(body: Mapping[str, Any]) -> int | None:
    """Return the limit of a request on the tokens of its answer; None: it has none."""
    given = [body[key] for key in _BUDGETS & body.keys()]
    return min((each for each in given if isinstance(each, int)), default=None)
