"""A model that does what the user's own words tell it to: the upstream of agents' sessions.

The user's message holds the steps, in base64 behind `STEPS:`, so that no client's quoting changes
them. Each answer is the next step, as the request lets it be said: a native call where functions
are offered, the document of a call where they are described in the prompt, words else. It keeps no
state: how many steps are done is the number of turns with results that the conversation holds.

Three hosts: `everything` takes functions, schemas and streams; `text-only` refuses functions and
formats; `particular` has all, but refuses what newer clients send: fields, the developer role,
several system messages. None has /responses. What carries no steps is answered by the demonstration
model.
"""

import base64
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strictgate.demo.upstream import create_demo

HOSTS = {"everything": "clean", "text-only": "text-only", "particular": "clean"}
"""Each host, and the behaviour of the demonstration model that is like it."""
REFUSALS = {
    "response_format": "response_format is not supported by this model.",
    "tools": "`tools` is not supported with this model",
    "functions": "`functions` is not supported with this model",
}
EXTRA = ("parallel_tool_calls", "reasoning_effort", "verbosity", "store", "prompt_cache_key")
"""What a particular host has never heard of."""
_STEPS = re.compile(r"STEPS:([A-Za-z0-9+/=]+)")
UNDERSTOOD: dict[str, Any] = {
    r"magic_function\(3\)": {"call": "magic_function", "with": {"input": 3}},
    r"magic_function_no_args\(\)": {"call": "magic_function_no_args", "with": {}},
    r"a Pirate greeting": {"call": "greeting_generator", "with": {"answer_style": "Pirate"}},
    r"a customer named '(.+?)'": {
        "call": "unicode_customer",
        "with": {"customer_name": "{}", "description": "x"},
    },
    r"weather in San Francisco": {"call": "get_weather", "with": {"location": "San Francisco"}},
    r"a joke about cats": {"document": {"setup": "Why?", "punchline": "Purr."}},
}
"""What other people's suites ask for in words, and the step that answers it."""
_RESULTS = "Results of your function calls"
_PROMPTED = '{"tool_calls": [{"name"'
_BLOCK = re.compile(r"<json_schema>(.*?)</json_schema>", re.DOTALL)
_PIECE = 24
MODEL = "scripted-1"
Body = Mapping[str, Any]
Step = Mapping[str, Any]


def steps(*given: Step) -> str:
    """Return the words that make the model take these steps, one a turn.

    A step is `{"say": text}`, or `{"call": name, "with": arguments}`, where text as arguments is
    the input of a custom tool, or `{"calls": [such steps]}`, or `{"document": value}`. With
    `think`, the model thinks aloud before.
    """
    return "STEPS:" + base64.b64encode(json.dumps(given).encode()).decode()


@dataclass(frozen=True)
class Turn:
    """What one request asks for."""

    body: Body
    step: Step

    @property
    def text(self) -> str:
        return "\n".join(_text(each) for each in self.body["messages"])

    @property
    def is_prompted(self) -> bool:
        """Whether functions are described in the prompt."""
        return _PROMPTED in "\n".join(
            _text(each) for each in self.body["messages"] if each["role"] in ("system", "developer")
        )

    def message(self) -> dict[str, Any]:
        """Return the message of the answer."""
        prompted = self.is_prompted
        offered = dict(self._described() if prompted else self._offered())
        made = [call for each in self._wanted(offered) if (call := _called(each, offered))]
        if prompted:
            calls = [{"name": name, "arguments": given} for name, given in made]
            said = {"tool_calls": calls} if calls else self._final()
            text = json.dumps(said, ensure_ascii=False)
            return {"role": "assistant", "content": text} | self._thoughts()
        if not made:
            return {"role": "assistant", "content": self._said()} | self._thoughts()
        place = len(self.body["messages"])
        calls = [_native(*each, f"call_{place}_{at}") for at, each in enumerate(made)]
        said = {"role": "assistant", "content": self.step.get("say"), "tool_calls": calls}
        return said | self._thoughts()

    def _thoughts(self) -> dict[str, str]:
        return {"reasoning_content": self.step["think"]} if "think" in self.step else {}

    def _wanted(self, offered: Mapping[str, Any]) -> Sequence[Step]:
        """Return the calls of the step; a document is one, where nothing but a call may come."""
        if "calls" in self.step:
            wanted: Sequence[Step] = self.step["calls"]
            return wanted
        if "call" in self.step:
            return [self.step]
        document = self.step.get("document")
        if document is None or not self._must_call:
            return []
        fitting = [
            name
            for name, parameters in offered.items()
            if document.keys() == _properties(parameters).keys()
        ]
        return [{"call": name, "with": document} for name in fitting or [*offered][:1]]

    @property
    def _must_call(self) -> bool:
        if self.is_prompted:
            return not any('"answer"' in block for block in _BLOCK.findall(self.text))
        return self.body.get("tool_choice") not in (None, "auto", "none")

    def _final(self) -> dict[str, Any]:
        if "document" in self.step:
            return {"answer": self.step["document"]}
        return {"content": self._said()}

    def _said(self) -> str:
        if "document" in self.step:
            return json.dumps(self.step["document"], ensure_ascii=False)
        return str(self.step.get("say", "There is nothing to call."))

    def _offered(self) -> Iterator[tuple[str, Any]]:
        for tool in self.body.get("tools") or ():
            inner = tool.get(tool.get("type", "function"))
            yield inner["name"], inner.get("parameters")

    def _described(self) -> Iterator[tuple[str, Any]]:
        for block in _BLOCK.findall(self.text):
            yield from _calls_in(json.loads(block))


def _calls_in(schema: Any) -> Iterator[tuple[str, Any]]:
    """Find the functions in the schema of a document of calls."""
    if isinstance(schema, list):
        for each in schema:
            yield from _calls_in(each)
    if isinstance(schema, dict):
        inner = schema.get("properties")
        name = inner.get("name") if isinstance(inner, dict) else None
        if isinstance(name, dict) and "const" in name and "arguments" in inner:
            yield name["const"], inner["arguments"]
        for each in schema.values():
            yield from _calls_in(each)


def _called(step: Step, offered: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return name and arguments of a call, in the name and the form that are on offer.

    A tool of free text that came as a function has one parameter for it.
    """
    suffixed = re.compile(rf"(?:.*\W|.*__|){re.escape(step['call'])}")
    name = (
        step["call"] if step["call"] in offered else next(filter(suffixed.fullmatch, offered), None)
    )
    if name is None:
        return None
    given, parameters = step["with"], offered[name]
    if isinstance(given, str) and (named := _properties(parameters)):
        given = {next(iter(named)): given}
    return name, given


def _properties(parameters: Any) -> Mapping[str, Any]:
    """Return what a function takes, by name; of one that may take anything, what it should."""
    told = parameters if isinstance(parameters, dict) else {}
    options = [told, *(told.get("anyOf") or ())]
    return next((each["properties"] for each in options if each.get("properties")), {})


def _native(name: str, given: Any, identity: str) -> dict[str, Any]:
    if isinstance(given, str):
        return {"id": identity, "type": "custom", "custom": {"name": name, "input": given}}
    function = {"name": name, "arguments": json.dumps(given, ensure_ascii=False)}
    return {"id": identity, "type": "function", "function": function}


def step_of(body: Body) -> Step | None:
    """Return the step that is next; None where the conversation holds none."""
    todo: Sequence[Step] | None = None
    done, behind_result = 0, False
    for message in body["messages"]:
        text = _text(message)
        is_result = message["role"] == "tool" or text.startswith(_RESULTS)
        if message["role"] == "user" and not is_result and (found := _asked_for(text)):
            todo, done = found, 0
        elif is_result and not behind_result:
            done += 1
        behind_result = is_result
    if todo is None:
        return None
    return todo[done] if done < len(todo) else {"say": "All steps are done."}


def _complaint(body: Body) -> tuple[int, Any] | None:
    """Return what a host says that knows only the oldest fields, and one order of messages."""
    unknown = [("body", name) for name in EXTRA if name in body]
    unknown += [
        ("body", "tools", at, "function", "strict")
        for at, tool in enumerate(body.get("tools") or ())
        if "strict" in tool.get("function", ())
    ]
    if unknown:
        told = {"type": "extra_forbidden", "msg": "Extra inputs are not permitted"}
        return 422, {"detail": [{**told, "loc": place, "input": None} for place in unknown]}
    roles = [message["role"] for message in body["messages"]]
    for words in _disorder(roles):
        return 400, {"error": {"message": words, "type": "BadRequestError", "code": 400}}
    return None


def _disorder(roles: Sequence[str]) -> Iterator[str]:
    if "developer" in roles:
        yield "Unexpected message role: 'developer'."
    if "system" in roles[1:]:
        yield "System message must be at the beginning."
    for before, role in itertools.pairwise(roles):
        if role == "tool" and before not in ("assistant", "tool"):
            yield f"Unexpected role 'tool' after role '{before}'."


def _asked_for(text: str) -> Sequence[Step] | None:
    if found := _STEPS.search(text):
        steps: Sequence[Step] = json.loads(base64.b64decode(found[1]))
        return steps
    for words, step in UNDERSTOOD.items():
        if found := re.search(words, text):
            told = json.dumps(step, ensure_ascii=False)
            return [json.loads(told.replace("{}", found[1]) if found.groups() else told)]
    return None


def _text(message: Body) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))


@dataclass
class ScriptedUpstream:
    """An ASGI application; the first part of a path names the host."""

    asked: list[tuple[str, Body]] = field(default_factory=list)
    """The requests so far, with their hosts."""
    demo: Any = field(default_factory=create_demo)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.demo(scope, receive, send)
            return
        raw = await _body(receive)
        model = {"id": MODEL, "object": "model", "created": 1, "owned_by": "tests"}
        if scope["path"].endswith("/models"):
            await _json(send, 200, {"object": "list", "data": [model]})
        elif scope["path"].endswith(f"/models/{MODEL}"):
            await _json(send, 200, model)
        elif not scope["path"].endswith("/chat/completions"):
            await _json(send, 404, {"error": {"message": "Not found.", "type": "not_found"}})
        else:
            await self._chat(scope, receive, send, json.loads(raw))

    async def _chat(self, scope: Any, receive: Any, send: Any, body: dict[str, Any]) -> None:
        host = scope["path"].split("/")[1]
        self.asked.append((host, body))
        refused = [name for name in REFUSALS if body.get(name)]
        complaint = _complaint(body) if host == "particular" else None
        step = step_of(body)
        if host == "text-only" and refused:
            error = {"message": REFUSALS[refused[0]], "type": "invalid_request_error"}
            await _json(send, 400, {"error": error | {"param": refused[0], "code": None}})
        elif complaint is not None:
            await _json(send, *complaint)
        elif step is None:
            await self._demo(scope, receive, send, body | {"model": f"demo/{HOSTS[host]}"})
        else:
            await _answer(send, body, Turn(body, step).message())

    async def _demo(self, scope: Any, receive: Any, send: Any, body: Body) -> None:
        raw = json.dumps(body).encode()
        told = [{"type": "http.request", "body": raw, "more_body": False}]

        async def replayed() -> Any:
            return told.pop() if told else await receive()

        headers = [each for each in scope["headers"] if each[0] != b"content-length"]
        headers.append((b"content-length", str(len(raw)).encode()))
        await self.demo(
            scope | {"path": "/v1/chat/completions", "headers": headers}, replayed, send
        )


async def _answer(send: Any, body: Body, message: dict[str, Any]) -> None:
    finish = "tool_calls" if message.get("tool_calls") else "stop"
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    head = {"id": "chatcmpl-scripted", "created": 1, "model": body["model"]}
    head["service_tier"] = "default"  # LiteLLM's groq route does not do without
    if body.get("stream") is not True:
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        whole = head | {"object": "chat.completion", "choices": [choice], "usage": usage}
        await _json(send, 200, whole)
        return
    head |= {"object": "chat.completion.chunk"}
    chunks = [
        head | {"choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
        for delta, end in [*((each, None) for each in _deltas(message)), ({}, finish)]
    ]
    if (body.get("stream_options") or {}).get("include_usage"):
        chunks.append(head | {"choices": [], "usage": usage})
    await _start(send, 200, b"text/event-stream")
    for chunk in chunks:
        line = b"data: %s\n\n" % json.dumps(chunk).encode()
        await send({"type": "http.response.body", "body": line, "more_body": True})
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def _deltas(message: Body) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": "" if message["content"] else None}
    for piece in _pieces(message.get("reasoning_content", "")):
        yield {"reasoning_content": piece}
    for piece in _pieces(message["content"] or ""):
        yield {"content": piece}
    for index, call in enumerate(message.get("tool_calls", ())):
        kind = call["type"]
        key = "arguments" if kind == "function" else "input"
        inner = call[kind]
        yield {"tool_calls": [{"index": index, **call, kind: {**inner, key: ""}}]}
        for piece in _pieces(inner[key]):
            yield {"tool_calls": [{"index": index, kind: {key: piece}}]}


def _pieces(text: str) -> Iterator[str]:
    return (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))


async def _json(send: Any, status: int, body: Any) -> None:
    await _start(send, status, b"application/json")
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


async def _start(send: Any, status: int, kind: bytes) -> None:
    headers = [(b"content-type", kind)]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body
