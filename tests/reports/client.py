"""A case's requests, sent to a gateway one after the other, and what came of them."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.gates import Gate, gate
from tests.reports.came import Came
from tests.reports.rows import Case
from tests.reports.script import Script
from tests.reports.upstream import Upstream
from tests.servers import serving

MADE_UP = re.compile(r"call_[0-9a-f]{24}")
CALL_ITEM = "<id of the function_call of the first answer>"
ANOTHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
"""A schema that every model and engine takes, for a request after the one of the row."""


@dataclass(frozen=True)
class Played:
    """What came of a case's last request, and of all before it."""

    came: Came
    before: tuple[Came, ...]
    asked: tuple[dict[str, Any], ...]
    """What the upstream was asked, in order."""


class Stage:
    """An upstream with every case's script, and gateways that have an upstream for each."""

    def __init__(self, scripts: dict[str, Script], plain: Gate, forgetful: Gate) -> None:
        self._scripts, self._plain, self._forgetful = scripts, plain, forgetful
        self._played: dict[str, Played] = {}

    def play(self, name: str, case: Case) -> Played:
        """Send the requests of a case, once; `name` is its upstream's."""
        if name not in self._played:
            running = self._forgetful if case.is_forgetful else self._plain
            all_came: list[Came] = []
            for request in case.requests:
                all_came.append(_sent(running, name, case, request, all_came))
            if case.is_loop and (second := _next(case.requests[0], all_came[0])):
                all_came.append(_sent(running, name, case, second, all_came))
            asked = tuple(dict(body) for body in self._scripts[name].asked)
            self._played[name] = Played(all_came[-1], tuple(all_came[:-1]), asked)
        return self._played[name]

    def ask_again(self, name: str, case: Case) -> list[dict[str, Any]]:
        """Ask once more, for a document of another schema where the row asks for one.

        Returns:
            What the upstream was asked then.
        """
        self.play(name, case)
        script = self._scripts[name]
        before = len(script.asked)
        body = case.requests[0]["body"]
        if "response_format" in body:
            inner = {"name": "t", "schema": ANOTHER}
            body = body | {"response_format": {"type": "json_schema", "json_schema": inner}}
        _sent(self._plain, name, case, {**case.requests[0], "body": body}, [])
        return [dict(each) for each in script.asked[before:]]


@contextmanager
def stage(cases: dict[str, Case]) -> Iterator[Stage]:
    """Run all that the cases need; `cases` by name."""
    scripts = {name: Script(case.answers, case.refuse, case.checks) for name, case in cases.items()}
    with serving(Upstream(scripts)) as url:
        tables = {
            "upstreams": {name: _upstream(url, name, case) for name, case in cases.items()},
            "models": {
                name: {"upstream": name, "model": case.requests[0]["body"]["model"]}
                for name, case in cases.items()
            },
        }
        with (
            gate(url, **tables) as plain,
            gate(url, **tables | {"store": {"path": "off"}}) as forgetful,
        ):
            yield Stage(scripts, plain, forgetful)


def _upstream(url: str, name: str, case: Case) -> dict[str, Any]:
    settings = {"base_url": f"{url}/{name}/v1", "preset": case.preset}
    return settings | ({"responses": True} if case.has_responses else {})


def _sent(
    running: Gate, name: str, case: Case, request: dict[str, Any], before: Sequence[Came]
) -> Came:
    body = _filled(request["body"], before) | {"model": name}
    if case.way == "stream":
        body["stream"] = True
    return Came(request["path"], case.way, running.post(body, request["path"]))


def _filled(body: dict[str, Any], before: Sequence[Came]) -> dict[str, Any]:
    """Put the ids of the first answer where the row has those of its own run."""
    if not before:
        return body
    ids = [call.id for call in before[0].calls]
    text = json.dumps(body)
    if before[0].is_responses:
        items = [each["id"] for each in before[0].output if each["type"] == "function_call"]
        text = text.replace(CALL_ITEM, items[0] if items else CALL_ITEM)
    elif ids:
        text = MADE_UP.sub(ids[0], text)
    filled: dict[str, Any] = json.loads(text)
    return filled


def _next(request: dict[str, Any], first: Came) -> dict[str, Any] | None:
    """The second request of a client that has run the tools of the first answer."""
    body = request["body"]
    if first.status != 200 or not first.calls:
        return None
    if first.is_responses:
        results = [
            {"type": "function_call_output", "call_id": call.id, "output": "sunny"}
            for call in first.calls
        ]
        return request | {"body": body | {"input": [*body["input"], *first.output, *results]}}
    spoken = {"role": "assistant", "content": first.text, "tool_calls": first.raw_calls}
    told = [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in first.calls]
    return request | {"body": body | {"messages": [*body["messages"], spoken, *told]}}
