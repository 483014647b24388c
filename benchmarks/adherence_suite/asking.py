"""One document, asked for by a strategy: what the client of it gets in the end."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from adherence_suite.calls import calls_text
from adherence_suite.score import score
from adherence_suite.strategies import Strategy
from adherence_suite.tasks import Task
from strictgate.core.capabilities import Mode
from strictgate.core.plan import prompt
from strictgate.core.request.options import PROMPT_TEMPLATE


@dataclass(frozen=True, slots=True)
class Sampling:
    """What all requests have in common."""

    model: str
    temperature: float
    max_tokens: int

    def body(self, messages: list[dict[str, Any]], seed: int) -> dict[str, Any]:
        """Return a request."""
        return {
            "model": self.model,
            "messages": messages,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": seed,
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """One document to ask for: every strategy gets the same seed."""

    task: Task
    round: int
    seed: int


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    text: str = ""
    finish: str | None = None
    error: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    """Strictgate's account: `x_strictgate`."""
    first: float | None = None
    """Seconds until the first words, in a stream."""
    calls: dict[int, list[str]] = field(default_factory=dict)
    """Of functions: name and arguments, by their place."""


@dataclass(frozen=True, slots=True)
class Client:
    """Asks the upstream, or Strictgate before it."""

    session: aiohttp.ClientSession
    upstream: str
    strictgate: str
    sampling: Sampling

    async def ask(self, strategy: Strategy, asked: Asked) -> Answer:
        """Ask for a document.

        Raises:
            aiohttp.ClientError: there was no answer.
        """
        if strategy.knobs is not None:
            body = self.sampling.body(_user(asked.task), asked.seed) | _format(asked.task)
            knobs = strategy.known_knobs() | ({"tools": "all"} if asked.task.tools else {})
            body |= {"strictgate": knobs, "stream": strategy.stream}
            return await self._post(self.strictgate, body)
        return await self._directly(strategy, asked)

    async def _directly(self, strategy: Strategy, asked: Asked) -> Answer:
        task = asked.task
        told = prompt.instructions(Mode.PROMPT, task.name, task.schema_text, PROMPT_TEMPLATE)
        messages = _user(task) if task.tools else prompt.with_instructions(_user(task), told)
        body = self.sampling.body(messages, asked.seed)
        if strategy.native or task.tools:
            body |= _format(task)
        first = list(body["messages"])
        for turn in range(strategy.tries):
            answer = await self._post(self.upstream, body | {"seed": body["seed"] + 1000 * turn})
            judged = score(answer.text, answer.finish, task)
            if judged.is_valid:
                break
            again = prompt.feedback_messages(answer.text, judged.problems, judged.failure)
            body["messages"] = [*first, *again]
        return answer

    async def _post(self, base: str, body: dict[str, Any]) -> Answer:
        began, answer = time.monotonic(), Answer()
        async with self.session.post(f"{base}/chat/completions", json=body) as response:
            answer.status = response.status
            if "event-stream" not in response.headers.get("Content-Type", ""):
                _take(answer, json.loads(await response.read()), "message")
                return _with_calls(answer)
            async for part in _events(response):
                _take(answer, part, "delta")
                if answer.text and answer.first is None:
                    answer.first = time.monotonic() - began
        return _with_calls(answer)


def _user(task: Task) -> list[dict[str, Any]]:
    return [{"role": "user", "content": task.prompt}]


def _with_calls(answer: Answer) -> Answer:
    """Return `answer` with its calls, if there are any, as its text."""
    answer.text = calls_text(answer.calls) if answer.calls else answer.text
    return answer


def _format(task: Task) -> dict[str, Any]:
    if task.tools:
        return {"tools": list(task.tools), "tool_choice": "required"}
    wanted = {"name": task.name, "schema": task.schema}
    return {"response_format": {"type": "json_schema", "json_schema": wanted}}


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    async for line in response.content:
        data = line.removeprefix(b"data:").strip()
        if line.startswith(b"data:") and data != b"[DONE]":
            yield json.loads(data)


def _take(answer: Answer, part: dict[str, Any], message: str) -> None:
    answer.error = part.get("error") or answer.error
    answer.details = part.get("x_strictgate") or answer.details
    for choice in part.get("choices") or ():
        answer.text += choice[message].get("content") or ""
        for place, call in enumerate(choice[message].get("tool_calls") or ()):
            parts = answer.calls.setdefault(call.get("index", place), ["", ""])
            function = call.get("function") or {}
            parts[0] += function.get("name") or ""
            parts[1] += function.get("arguments") or ""
        answer.finish = choice.get("finish_reason") or answer.finish
