"""`strictgate probe`: asks a real model adversarial questions, and says what it really does.

The questions and the reading of the answers are in core/probe; here they are sent. No request goes
through the gateway: what is looked at is the upstream itself.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from strictgate.commands.neighbours import is_strictgate
from strictgate.commands.running import CommandFailed
from strictgate.core.errors import GatewayError
from strictgate.core.probe.judging import Finding, Verdict, judge
from strictgate.core.probe.questions import MAX_CALLS, QUESTIONS, Question, cost_bound
from strictgate.core.probe.results import ProbeResult, is_needed, rows_of
from strictgate.core.value_type import value_type
from strictgate.core.wire.reply import Failure, Reply
from strictgate.observe.events import ignore
from strictgate.settings.loading import Settings
from strictgate.upstream.client import Client
from strictgate.upstream.presets import GENERIC, preset_of_host
from strictgate.upstream.recognition import Recogniser
from strictgate.upstream.routing import Route, Router
from strictgate.upstream.stream import UpstreamStream

BUDGET = 512
"""Tokens of each answer at most; a model that thinks needs more."""
PAUSE = 2.0  # seconds before a request that failed is made again, where the host does not say
MAX_PAUSE = 30.0
_PASSING = frozenset({429, 502, 503, 504, 529})
Progress = Callable[[int, int, str], None]
"""Is told how many calls are done, how many are planned, and the question."""


class ProbeFailed(CommandFailed):
    """There is nothing to ask, or no answer to the first question; the message says what to do."""


@value_type
class _Asked:
    finding: Finding
    calls: int


def cost_text(budget: int) -> str:
    """Return what a probe costs at most, as a sentence."""
    bound = cost_bound(QUESTIONS, budget)
    return (
        f"At most {bound.calls} calls, {bound.tokens_in:,} tokens in and "
        f"{bound.tokens_out:,} out ({budget} for each answer)."
    )


def probe(
    settings: Settings,
    environment: Mapping[str, str],
    model: str,
    budget: int,
    progress: Progress,
) -> ProbeResult:
    """Ask the model everything, one question after the other, and return what it shows.

    Where it is interrupted (Ctrl-C) once something was answered, it returns what there is.

    Args:
        environment: where the variables of keys are looked up.
        model: its name in the configuration, or on the only upstream.
        budget: tokens of each answer at most.

    Raises:
        GatewayError: no upstream serves the model.
        ProbeFailed: the upstream is a Strictgate, or the first question was not answered.
        SettingsError: the settings could not be served.
    """
    router, client = Router(settings, environment), Client(settings.limits)

    async def ask_all() -> ProbeResult:
        async with client:
            await Recogniser(router, client, ignore).start()
            route = router.route(model)
            if await is_strictgate(client, route.endpoint):
                raise ProbeFailed(
                    f"{route.endpoint.base_url} is a Strictgate, whose answers are right in any "
                    "case. Ask the upstream behind it: what stands there as its base_url."
                )
            findings: list[Finding] = []
            calls, is_whole = 0, True
            try:
                async with aclosing(_answers(client, route, budget, progress)) as answers:
                    async for each in answers:
                        findings.append(each.finding)
                        calls += each.calls
            except asyncio.CancelledError:  # by asyncio.run, at the first Ctrl-C
                if not findings:
                    raise
                is_whole = False
        endpoint = route.endpoint
        known = endpoint.settings.preset or preset_of_host(endpoint.base_url)
        return ProbeResult(
            date=datetime.now(UTC).date().isoformat(),
            host=urlsplit(endpoint.base_url).netloc.rpartition("@")[2],
            model=route.model,
            preset=known or router.recognised.get(endpoint.name, GENERIC),
            calls=calls,
            tokens_in=sum(each.tokens_in for each in findings),
            tokens_out=sum(each.tokens_out for each in findings),
            rows=rows_of(findings),
            is_whole=is_whole,
        )

    return asyncio.run(ask_all())


async def _answers(
    client: Client, route: Route, budget: int, progress: Progress
) -> AsyncGenerator[_Asked, None]:
    """Ask each question as often as it says, and yield the answers; give up after the first where
    that one failed."""
    planned = sum(each.times for each in QUESTIONS)
    spare, done = MAX_CALLS - planned, 0
    findings: list[Finding] = []
    for question in QUESTIONS:
        for _ in range(question.times):
            progress(done, planned, question.name)
            done += 1
            if not is_needed(question, findings):
                continue
            asked = await _ask(client, route, question, budget, may_repeat=spare > 0)
            spare -= asked.calls - 1
            if not findings and asked.finding.verdict in (Verdict.FAILED, Verdict.REFUSED):
                raise ProbeFailed(
                    f"The model {route.model} at {route.endpoint.base_url} does not answer a plain "
                    f"question: {asked.finding.words} See that its name, the address and the key "
                    "(--key-env, or api_key_env in the configuration) are right."
                )
            findings.append(asked.finding)
            yield asked
    progress(planned, planned, "done")


async def _ask(
    client: Client, route: Route, question: Question, budget: int, *, may_repeat: bool
) -> _Asked:
    """Ask once; once more after a pause where the host was only busy."""
    body = question.body(route.model, budget, route.capabilities.max_tokens)
    calls = 1
    try:
        answer = await _answer(client, route, body)
        if may_repeat and isinstance(answer, Failure) and answer.status in _PASSING:
            await asyncio.sleep(_pause(answer))
            calls = 2
            answer = await _answer(client, route, body)
    except GatewayError as error:
        return _Asked(Finding(question.name, Verdict.FAILED, error.message), calls)
    return _Asked(judge(question, answer), calls)


def _pause(failure: Failure) -> float:
    """Return the seconds to wait for, as the host says."""
    given = failure.headers.get("retry-after", "")
    return min(float(given), MAX_PAUSE) if given.isdecimal() else PAUSE


async def _answer(client: Client, route: Route, body: dict[str, Any]) -> Reply | Failure:
    """Return the whole answer, of a stream too.

    Raises:
        GatewayError: there is none, or it cannot be read.
    """
    endpoint = route.endpoint
    answer = await client.ask(endpoint, body, endpoint.credentials(None))
    if not isinstance(answer, UpstreamStream):
        return answer
    try:
        while not isinstance(came := await answer.next(), Reply | Failure):
            pass
        return came
    finally:
        await answer.close()
