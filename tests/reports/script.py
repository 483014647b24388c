"""The upstream of one case: it answers in order, and before that refuses what its row says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.reports.rendering import Sent, rendered

Body = Mapping[str, Any]


@dataclass
class Script:
    """Answers in order, the last of them for ever."""

    answers: Sequence[Mapping[str, Any]]
    refuse: Sequence[str] = ()
    checks: Sequence[str] = ()
    asked: list[Body] = field(default_factory=list)
    """The bodies of all requests so far."""
    _given: int = 0

    def answer(self, body: Body) -> Sent:
        """Note a request, and answer it."""
        self.asked.append(body)
        streamed = body.get("stream") is True
        refused = self._refused(body)
        if refused:
            error = {"message": refused, "type": "invalid_request_error"}
            error["code"] = "invalid_request_error"
            return rendered({"status": 400, "body": {"error": error}}, streamed=streamed)
        place = min(self._given, len(self.answers) - 1)
        self._given += 1
        return rendered(self.answers[place], streamed=streamed)

    def _refused(self, body: Body) -> str | None:
        for name in self.refuse:
            if body.get(name):
                return f"This model does not support {name}."
        for check in self.checks:
            if refused := CHECKS[check](body.get("messages", ())):
                return refused
        return None


Messages = Sequence[Mapping[str, Any]]


def _nine(messages: Messages) -> str | None:
    for message in messages:
        for call in message.get("tool_calls") or ():
            if not re.fullmatch(r"[A-Za-z0-9]{9}", call.get("id") or ""):
                return (
                    f"Tool call id was {call.get('id')} but must be a-z, A-Z, 0-9, "
                    "with a length of 9."
                )
    return None


def _no_developer(messages: Messages) -> str | None:
    for place, message in enumerate(messages):
        if message.get("role") == "developer":
            return (
                "Failed to deserialize the JSON body into the target type: "
                f"messages[{place}].role: unknown variant `developer`, "
                "expected one of `system`, `user`, `assistant`, `tool`"
            )
    return None


def _reasoning_back(messages: Messages) -> str | None:
    for place, message in enumerate(messages):
        if message.get("tool_calls") and not message.get("reasoning_content"):
            return (
                "Missing `reasoning_content` field in the assistant message "
                f"at message index {place}."
            )
    return None


def _order(messages: Messages) -> str | None:
    """Each call's result directly behind the message of the calls, as OpenAI has it."""
    for place, message in enumerate(messages):
        open_ids = [call["id"] for call in message.get("tool_calls") or ()]
        for result in messages[place + 1 :]:
            if not open_ids or result.get("role") != "tool":
                break
            open_ids = [each for each in open_ids if each != result.get("tool_call_id")]
        if open_ids:
            return (
                "An assistant message with 'tool_calls' must be followed by tool messages "
                "responding to each 'tool_call_id'. The following tool_call_ids did not have "
                f"response messages: {', '.join(open_ids)}"
            )
    return None


CHECKS = {
    "id9": _nine,
    "no_developer": _no_developer,
    "reasoning_back": _reasoning_back,
    "order": _order,
}
