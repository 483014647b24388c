"""What can be left out of a request, or put otherwise, when an upstream refuses it.

Some of it was added by the plan (`stream_options`, log-probabilities, a forced `tool_choice`); some
is the caller's, and kept here in another way: calls are judged whatever `tool_choice` or `strict`
was sent, choices can be asked for one by one. What only keeps books is left out with a note. All
else that a caller sent is none of these, and the upstream's refusal of it is the caller's answer.

Each field has a rule; `refused_field` finds the one that an error names.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any

from strictgate.core.capabilities import OptionalField
from strictgate.core.late_pattern import late_pattern
from strictgate.core.request.tools import function_name
from strictgate.core.value_type import value_type
from strictgate.core.wire import refusal_patterns as words
from strictgate.core.wire.refusal import refuses_field

Body = dict[str, Any]
Rewrite = Callable[[Body], Body]


class Origin(StrEnum):
    """How a request came to be a chat completion."""

    CHAT = "chat"
    """The caller sent it as one."""
    TRANSLATED = "translated"
    """It was made of a request in another API, whose hints have become fields of this one."""
    VERBATIM = "verbatim"
    """It stands for a request in another API that goes on as it was sent: nothing of it can be
    left out here."""


@value_type
class FieldRule:
    """How one field is named in an error, and how a request does without it."""

    named_by: re.Pattern[str]
    """What names the field in the sentence that refuses it."""
    rewritten: Rewrite
    """Returns a request as it is without the field; the same request if it does not have it."""
    is_told: bool = False
    """The caller is told that it was left out: nothing takes its place."""
    ours_unless: str = ""
    """The rule is only for what the plan added: not if the caller sent this field."""
    is_translated_only: bool = False
    """The rule is only for requests that were translated from another API."""
    says_no: re.Pattern[str] = words.FIELD_SAYS_NO


@value_type
class FieldPolicy:
    """Which rules hold for one request."""

    asked: Mapping[str, Any]
    """The request as the caller sent it."""
    origin: Origin

    def allows(self, rule: FieldRule) -> bool:
        """Whether `rule` may be used."""
        return (
            self.origin is not Origin.VERBATIM
            and not (rule.ours_unless and self.asked.get(rule.ours_unless))
            and (self.origin is Origin.TRANSLATED or not rule.is_translated_only)
        )


def without_fields(
    body: Body, fields: Collection[OptionalField], policy: FieldPolicy
) -> tuple[Body, tuple[str, ...]]:
    """Return `body` without `fields`, and the names of those that the caller is told of."""
    told = []
    for field, rule in RULES.items():
        if field in fields and policy.allows(rule):
            rewritten = rule.rewritten(body)
            if rule.is_told and rewritten != body:
                told.append(field.value)
            body = rewritten
    return body, tuple(told)


def refused_field(
    status: int, error: Any, sent: Body, known: Collection[OptionalField], policy: FieldPolicy
) -> OptionalField | None:
    """Return the field of `sent` that an error answer refuses and that can be done without.

    Args:
        status: the answer's.
        error: its body.
        sent: the request that was refused.
        known: fields that were left out of it already.
        policy: which rules may be used.
    """
    for field, rule in RULES.items():
        if field in known or not policy.allows(rule) or rule.rewritten(sent) == sent:
            continue
        if refuses_field(status, error, rule.named_by, rule.says_no):
            return field
    return None


# --- how it is done without each -----------------------------------------------------------------


def _dropped(*names: str) -> Rewrite:
    return lambda body: {key: value for key, value in body.items() if key not in names}


def _whole(body: Body) -> Body:
    """Ask for the answer at once: it is made into a stream here."""
    return _dropped("stream", "stream_options")(body) if body.get("stream") is True else body


def _whole_with_tools(body: Body) -> Body:
    return _whole(body) if body.get("tools") else body


def _without_strict(body: Body) -> Body:
    """Say nothing of `strict`: arguments and documents are validated here."""
    body = dict(body)
    if isinstance(body.get("tools"), list):
        body["tools"] = [_inside(tool, "function") for tool in body["tools"]]
    if isinstance(body.get("response_format"), dict):
        body["response_format"] = _inside(body["response_format"], "json_schema")
    return body


def _inside(given: Any, member: str) -> Any:
    inner = given.get(member) if isinstance(given, dict) else None
    if not isinstance(inner, dict) or "strict" not in inner:
        return given
    return given | {member: {key: value for key, value in inner.items() if key != "strict"}}


def _without_developer(body: Body) -> Body:
    """Let the system say what the developer says; in one message, where both come first."""
    messages = [
        message | {"role": "system"} if message.get("role") == "developer" else message
        for message in body["messages"]
    ]
    return body if messages == body["messages"] else body | {"messages": _joined(messages)}


def _joined(messages: Sequence[Body]) -> list[Body]:
    """Return `messages` with the system's at their head as one: many hosts take no more."""
    count = next(
        (at for at, each in enumerate(messages) if each["role"] != "system"), len(messages)
    )
    head = [message.get("content") for message in messages[:count]]
    if count < 2 or not all(isinstance(text, str) for text in head):
        return list(messages)
    return [messages[0] | {"content": "\n\n".join(map(str, head))}, *messages[count:]]


def _without_allowed(body: Body) -> Body:
    """Send only the functions that are allowed."""
    match body.get("tool_choice"):
        case {"type": "allowed_tools", "allowed_tools": {"tools": list(allowed)} as inner}:
            names = {function_name(each) for each in allowed}
            return _only(body, names) | {"tool_choice": inner.get("mode", "auto")}
    return body


def _without_named(body: Body) -> Body:
    """Send only the function that is named, and require a call."""
    choice = body.get("tool_choice")
    if not isinstance(choice, dict) or choice.get("type") == "allowed_tools":
        return body
    return _only(body, {function_name(choice)}) | {"tool_choice": "required"}


def _only(body: Body, names: Collection[Any]) -> Body:
    given = body.get("tools") or []
    return body | {"tools": [tool for tool in given if function_name(tool) in names]}


def _without_required(body: Body) -> Body:
    """Leave the choice to the model: that there is a call is judged here."""
    return _dropped("tool_choice")(body) if body.get("tool_choice") == "required" else body


def _without_choice(body: Body) -> Body:
    """Say nothing of the choice; where there is none, of the functions either."""
    match body.get("tool_choice"):
        case "auto":
            return _dropped("tool_choice")(body)
        case "none":
            return _dropped("tool_choice", "tools", "parallel_tool_calls")(body)
    return body


def _renamed(old: str, new: str) -> Rewrite:
    def rewritten(body: Body) -> Body:
        if old not in body:
            return body
        return {(new if key == old else key): value for key, value in body.items()}

    return rewritten


def _without_reasoning(body: Body) -> Body:
    fields = ("reasoning_content", "reasoning", "reasoning_details")
    return body | {"messages": [_dropped(*fields)(message) for message in body["messages"]]}


def _field(name: str) -> re.Pattern[str]:
    return late_pattern(rf"(?<![\w-]){name}(?![\w-])", re.IGNORECASE)


def _hint(name: str) -> FieldRule:
    return FieldRule(_field(name), _dropped(name), is_told=True, is_translated_only=True)


def _record(name: str) -> FieldRule:
    return FieldRule(_field(name), _dropped(name), is_told=True)


RULES: Mapping[OptionalField, FieldRule] = {
    OptionalField.STREAM_OPTIONS: FieldRule(
        late_pattern(r"stream_options|include_usage"), _dropped("stream_options")
    ),
    OptionalField.LOGPROBS: FieldRule(
        late_pattern(r"log_?prob", re.IGNORECASE),
        _dropped("logprobs", "top_logprobs"),
        ours_unless="logprobs",
        says_no=late_pattern(""),  # any word about them is about ours
    ),
    OptionalField.STREAM_WITH_TOOLS: FieldRule(words.STREAM_AND_TOOLS, _whole_with_tools),
    OptionalField.STREAM: FieldRule(words.STREAM_ALONE, _whole),
    OptionalField.SEVERAL_CHOICES: FieldRule(
        words.SEVERAL_CHOICES, _dropped("n"), says_no=words.SEVERAL_SAYS_NO
    ),
    OptionalField.STRICT: FieldRule(late_pattern(r"\bstrict\b", re.IGNORECASE), _without_strict),
    OptionalField.DEVELOPER_ROLE: FieldRule(
        words.ROLE, _without_developer, says_no=words.ROLE_SAYS_NO
    ),
    OptionalField.PARALLEL_TOOL_CALLS: FieldRule(
        late_pattern(r"parallel[_ ](?:tool|function)[_ ]call", re.IGNORECASE),
        _dropped("parallel_tool_calls"),
        is_told=True,
    ),
    OptionalField.ALLOWED_TOOLS: FieldRule(words.TOOL_CHOICE, _without_allowed),
    OptionalField.NAMED_TOOL: FieldRule(words.TOOL_CHOICE, _without_named),
    OptionalField.REQUIRED_TOOL: FieldRule(words.TOOL_CHOICE, _without_required),
    OptionalField.TOOL_CHOICE: FieldRule(words.TOOL_CHOICE, _without_choice),
    OptionalField.MAX_TOKENS: FieldRule(
        _field("max_tokens"), _renamed("max_tokens", "max_completion_tokens")
    ),
    OptionalField.MAX_COMPLETION_TOKENS: FieldRule(
        _field("max_completion_tokens"), _renamed("max_completion_tokens", "max_tokens")
    ),
    OptionalField.REASONING_CONTENT: FieldRule(
        late_pattern(r"\breasoning_(?:content|details)\b|messages\S*[.\]]reasoning\b"),
        _without_reasoning,
        is_told=True,
    ),
    OptionalField.REASONING_EFFORT: FieldRule(
        late_pattern(r"reasoning[_ ]?effort|(?<![\w.-])reasoning\b(?! content)", re.IGNORECASE),
        _dropped("reasoning_effort"),
        is_told=True,
        is_translated_only=True,
    ),
    OptionalField.VERBOSITY: _hint("verbosity"),
    OptionalField.STORE: _record("store"),
    OptionalField.METADATA: _record("metadata"),
    OptionalField.USER: FieldRule(
        late_pattern(r"(?:param\w*|propert\w*|field|argument|name|body\.)[\s:.'\"`]*user['\"`]?\b"),
        _dropped("user"),
        is_told=True,
    ),
    OptionalField.SAFETY_IDENTIFIER: _record("safety_identifier"),
    OptionalField.PROMPT_CACHE_KEY: _record("prompt_cache_key"),
    OptionalField.PROMPT_CACHE_RETENTION: _record("prompt_cache_retention"),
    OptionalField.SERVICE_TIER: _record("service_tier"),
}
"""In the order in which an error is read for them, and in which they are applied."""
