"""What a client was given, read as a client reads it: a whole answer or a stream, of either API."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.gates import Answer

_IN_PIECES = ("content", "reasoning_content", "reasoning", "refusal")


@dataclass(frozen=True)
class Call:
    """One call, of a function or a custom tool."""

    id: str
    type: str
    name: str
    input: str
    """The arguments, or the input of a custom tool."""


@dataclass(frozen=True)
class Came:
    """One answer."""

    path: str
    way: str
    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def is_responses(self) -> bool:
        return self.path.endswith("/responses")

    @property
    def is_stream(self) -> bool:
        return self.answer.headers.get("content-type", "").startswith("text/event-stream")

    @cached_property
    def frames(self) -> list[dict[str, Any]]:
        """The JSON of each event of a stream, the last `[DONE]` left out."""
        found = []
        for event in self.answer.raw.decode().replace("\r\n", "\n").split("\n\n"):
            data = [line[5:].strip() for line in event.split("\n") if line.startswith("data:")]
            if data and data != ["[DONE]"]:
                found.append(json.loads("\n".join(data)))
        return found

    @property
    def is_done(self) -> bool:
        return self.answer.raw.rstrip().endswith(b"[DONE]")

    @cached_property
    def body(self) -> dict[str, Any]:
        """The whole answer; of a stream, what a client puts together."""
        if not self.is_stream:
            read: Any = json.loads(self.answer.raw)
            return read if isinstance(read, dict) else {"not an object": read}
        if self.is_responses:
            ends = [each["response"] for each in self.frames if "response" in each]
            return ends[-1] if ends else {}
        return _put_together(self.frames)

    @cached_property
    def error(self) -> dict[str, Any] | None:
        """The error, whether it is the answer, a frame of the stream, or in a response."""
        if self.is_stream and self.is_responses:
            failed = [each for each in self.frames if each.get("type") == "error"]
            if failed:
                return failed[-1]
        error = self.body.get("error")
        return error if isinstance(error, dict) else None

    @property
    def details(self) -> dict[str, Any]:
        """Strictgate's own."""
        details: dict[str, Any] = self.body.get("x_strictgate") or {}
        return details

    @property
    def repairs(self) -> list[str]:
        return [each["step"] for each in self.details.get("repairs", ())]

    @property
    def choices(self) -> list[dict[str, Any]]:
        return self.body.get("choices") or []

    @property
    def output(self) -> list[dict[str, Any]]:
        """The items of a response."""
        return self.body.get("output") or []

    @property
    def message(self) -> dict[str, Any]:
        return self.choices[0]["message"] if self.choices else {}

    @property
    def finish(self) -> str | None:
        """The reason of a completion's first choice, or the status of a response."""
        if self.is_responses:
            return self.body.get("status")
        return self.choices[0].get("finish_reason") if self.choices else None

    @cached_property
    def text(self) -> str | None:
        """The text of the answer, its thinking left aside."""
        if not self.is_responses:
            return self.message.get("content")
        parts = [
            part for item in self.output if item["type"] == "message" for part in item["content"]
        ]
        return "".join(part["text"] for part in parts) if parts else None

    @property
    def raw_calls(self) -> Any:
        return self.message.get("tool_calls")

    @cached_property
    def calls(self) -> list[Call]:
        """The calls, of a deprecated `function_call` too."""
        if self.is_responses:
            kinds = {"function_call": "arguments", "custom_tool_call": "input"}
            return [
                Call(each["call_id"], _TYPES[each["type"]], each["name"], each[kinds[each["type"]]])
                for each in self.output
                if each["type"] in kinds
            ]
        raw = self.raw_calls
        calls = raw if isinstance(raw, list) else [raw] if raw else []
        found = [_call(each) for each in calls]
        if one := self.message.get("function_call"):
            found.append(Call("", "function_call", one["name"], one["arguments"]))
        return found


_TYPES = {"function_call": "function", "custom_tool_call": "custom"}


def _call(raw: dict[str, Any]) -> Call:
    if "custom" in raw:
        custom = raw["custom"]
        return Call(raw["id"], raw.get("type", ""), custom["name"], custom["input"])
    function = raw["function"]
    return Call(raw["id"], raw.get("type", ""), function["name"], function["arguments"])


def _put_together(frames: list[dict[str, Any]]) -> dict[str, Any]:
    """A completion of its chunks, as an SDK makes it."""
    whole: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for frame in frames:
        whole |= {name: value for name, value in frame.items() if name != "choices"}
        for choice in frame.get("choices") or ():
            made = choices.setdefault(choice["index"], {"message": {}, "finish_reason": None})
            _add(made["message"], choice.get("delta") or {})
            made["finish_reason"] = choice.get("finish_reason") or made["finish_reason"]
    return whole | {"choices": [choices[index] for index in sorted(choices)]}


def _add(message: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        if name in _IN_PIECES and isinstance(value, str):
            message[name] = (message.get(name) or "") + value
        elif name == "tool_calls":
            for call in value:
                _add_call(message.setdefault("tool_calls", []), call)
        elif name == "function_call":
            _add_pieces(message.setdefault(name, {}), value)
        elif value is not None:
            message[name] = value


def _add_call(calls: list[dict[str, Any]], piece: dict[str, Any]) -> None:
    while len(calls) <= piece["index"]:
        calls.append({"id": "", "type": ""})
    call = calls[piece["index"]]
    call |= {name: piece[name] for name in ("id", "type") if piece.get(name)}
    for name in ("function", "custom"):
        if name in piece:
            _add_pieces(call.setdefault(name, {}), piece[name])


def _add_pieces(whole: dict[str, Any], piece: dict[str, Any]) -> None:
    whole |= {name: (whole.get(name) or "") + (text or "") for name, text in piece.items()}
    whole.setdefault("name", "")
    whole.setdefault("arguments" if "input" not in whole else "input", "")
