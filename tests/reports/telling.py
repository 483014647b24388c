"""What came, in one line: the form in which the rows say what they got."""

import json
from typing import Any

from tests.reports.came import Came
from tests.reports.client import Played
from tests.reports.rows import Case


def told(case: Case, played: Played) -> str:
    """Return the line of a case."""
    if case.is_loop:
        return f'text "{played.came.text}" steps {len(played.before) + 1}'
    if case.key == "calls-F6":
        ids = [call.id for came in (*played.before, played.came) for call in came.calls]
        return " and ".join(ids)
    if case.key.startswith("calls-"):
        return _call_line(played.came)
    return _document_line(played.came)


def _document_line(came: Came) -> str:
    error = came.error
    if error is not None:
        return f"{came.status} {error.get('code')}: {error.get('message')}"
    attempts = [each for each in came.details.get("attempts", ()) if "purpose" not in each]
    mode = came.details.get("mode")
    document = _document(came.text)
    repairs = came.repairs
    return f"{came.status} {document} fin={came.finish} {repairs} n={len(attempts)} mode={mode}"


def _document(text: str | None) -> str:
    try:
        return json.dumps(json.loads(text or ""))
    except ValueError:
        return repr(text)


def _call_line(came: Came) -> str:
    error = came.error
    if error is not None and came.status != 200:
        return f"{came.status} {error.get('code')} {error.get('message')}"
    if came.is_responses:
        return _responses_line(came)
    if came.is_stream:
        return _stream_line(came)
    choices = [_choice(each) for each in came.choices]
    attempts = [(each["mode"], each["outcome"]) for each in came.details.get("attempts", ())]
    shown = json.dumps(choices, ensure_ascii=False)
    return f"{came.status} {shown} | attempts={attempts} repairs={came.repairs}"


def _choice(choice: dict[str, Any]) -> dict[str, Any]:
    message = choice["message"]
    names = ("content", "tool_calls", "function_call")
    told = {name: message[name] for name in names if message.get(name) is not None}
    return told | {"fin": choice["finish_reason"]}


def _stream_line(came: Came) -> str:
    choices = {}
    for index, choice in enumerate(came.choices):
        message = choice["message"]
        shown: dict[str, Any] = {}
        if message.get("content"):
            shown["content"] = message["content"]
        if message.get("tool_calls"):
            calls = map(_streamed_call, message["tool_calls"])
            shown["calls"] = {str(place): call for place, call in enumerate(calls)}
        if choice["finish_reason"]:
            shown["fin"] = choice["finish_reason"]
        others = ("function_call", "reasoning_content")
        other = {name: message[name] for name in others if message.get(name)}
        choices[str(index)] = shown | ({"other": other} if other else {})
    error = came.error and (came.error.get("code"), str(came.error.get("message")))
    shown_choices = json.dumps(choices, ensure_ascii=False)
    return f"{came.status} {shown_choices} err={error} done={came.is_done}"


def _streamed_call(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function", {})
    shown = {
        "id": call["id"],
        "name": function.get("name", ""),
        "arguments": function.get("arguments", ""),
    }
    return shown | ({"custom": call["custom"]} if "custom" in call else {})


def _responses_line(came: Came) -> str:
    items = [_item(each) for each in came.output]
    shown = json.dumps(items, ensure_ascii=False)
    end = f"{came.status} {came.finish} {shown}"
    if came.error is not None:
        end += f" {came.error.get('code')} {came.error.get('message')}"
    if not came.is_stream:
        return end
    numbers = [each.get("sequence_number") for each in came.frames]
    in_order = "ok" if numbers == list(range(len(numbers))) else "wrong"
    return f"{came.status} seq={in_order} {' '.join(events(came))} => {end}"


def events(came: Came) -> list[str]:
    """The types of a stream's events; of several alike in a row, one."""
    names: list[str] = []
    for frame in came.frames:
        name = str(frame.get("type")).removeprefix("response.")
        if names[-1:] != [name]:
            names.append(name)
    return names


def _item(item: dict[str, Any]) -> list[Any]:
    match item["type"]:
        case "function_call":
            call = [item[name] for name in ("name", "arguments", "call_id", "status")]
            return ["call", *call]
        case "message":
            return ["msg", [part.get("text") for part in item["content"]], item["status"]]
        case "reasoning":
            parts = [part["text"] for part in item.get("content") or ()]
            summary = [part["text"] for part in item.get("summary") or ()]
            return ["reason", parts, summary, item.get("encrypted_content")]
        case other:
            return [other]
