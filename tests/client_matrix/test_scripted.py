"""The scripted upstream takes its steps in each form that a request leaves it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.client_matrix.scripted import HOSTS, MODEL, ScriptedUpstream, steps
from tests.gates import Gate, gate
from tests.servers import serving

CALL = {"call": "f", "with": {"a": "é"}}
PARAMETERS = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "f", "strict": True, "parameters": PARAMETERS}}


@pytest.fixture(params=HOSTS)
def running(request: pytest.FixtureRequest) -> Iterator[Gate]:
    with serving(ScriptedUpstream()) as upstream, gate(f"{upstream}/{request.param}") as found:
        yield found


def ask(running: Gate, *messages: Any, **more: Any) -> Any:
    body = {"model": MODEL, "messages": [*messages], "tools": [TOOL], **more}
    return running.post(body).json["choices"][0]["message"]


def user(*given: Any) -> dict[str, str]:
    return {"role": "user", "content": f"Please. {steps(*given)} Thanks."}


def held(message: Any) -> list[str]:
    return [call["function"]["arguments"] for call in message["tool_calls"]]


def test_the_first_step_is_a_call_and_the_next_comes_with_its_result(running: Gate) -> None:
    prompt = user(CALL, {"say": "done"})
    first = ask(running, prompt)
    assert held(first) == ['{"a": "é"}']
    result = {"role": "tool", "tool_call_id": first["tool_calls"][0]["id"], "content": "ok"}
    assert ask(running, prompt, first, result)["content"] == "done"


def test_several_calls_come_in_one_turn(running: Gate) -> None:
    message = ask(running, user({"calls": [CALL, {"call": "f", "with": {"a": "2"}}]}))
    assert held(message) == ['{"a": "é"}', '{"a": "2"}']


def test_a_document_is_written_beside_tools(running: Gate) -> None:
    inner = {"name": "d", "schema": PARAMETERS}
    wanted = {"response_format": {"type": "json_schema", "json_schema": inner}}
    assert ask(running, user({"document": {"a": "x"}}), **wanted)["content"] == '{"a": "x"}'


def test_a_document_is_a_call_where_one_must_come(running: Gate) -> None:
    message = ask(running, user({"document": {"a": "x"}}), tool_choice="required")
    assert held(message) == ['{"a": "x"}']


def test_without_steps_the_demonstration_model_answers(running: Gate) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
    assert "demonstration model" in running.post(body).content
