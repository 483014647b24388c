"""What an upstream without a preset is, found out by asking it: GETs that cost no tokens.

| step | what is looked at                                    | says which by (presets.toml)  |
|------|------------------------------------------------------|-------------------------------|
| 1    | the host of its base_url; nothing is sent            | `hosts`                       |
| 2    | GET /models, with the upstream's own key             | `owned_by`, `headers`         |
| 3    | if that does not say: paths below its root, at once  | `headers`, `answers`, no key  |

At the start it has `PATIENCE` seconds for that, all upstreams together. One that does not answer is
asked as an unknown server, and looked at again, ever more seldom, until it has answered once.
No failure here is an error of anybody's.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from strictgate.core.errors import GatewayError
from strictgate.core.value_type import value_type
from strictgate.observe.events import Observer, UpstreamRecognised
from strictgate.upstream.client import Client, Fetched
from strictgate.upstream.presets import GENERIC, PRESETS, Preset
from strictgate.upstream.routing import Endpoint, Router

PATIENCE = 0.5  # seconds at the start
LATER = 5.0  # seconds each time after that
PAUSES = (1.0, 60.0)  # seconds before it is looked at again: the first, doubled up to the last
MODELS = "/models"
_AT_ONCE = 4  # small servers let few connections wait
_VERSION = "/v1"
_NOT_YET = frozenset({502, 503, 504})
"""What a proxy answers for a server that is not there yet."""


@value_type
class Recognised:
    """What one look at an upstream has shown."""

    preset: str = GENERIC
    sign: str = ""
    """What it was known by, for people; "": by nothing."""
    problem: str = ""
    """Why nothing was seen of it, or what is wrong with its base_url; "": nothing."""
    has_answered: bool = True


# --- reading the answers -------------------------------------------------------------------------


def recognise_models(answer: Fetched) -> Recognised | None:
    """Return what the answer to GET /models shows; None: not what it is."""
    owners = _owners(answer.json())
    for preset in PRESETS.values():
        if len(owners) == 1 and owners <= set(preset.known_by.owned_by):
            return Recognised(preset.name, f'its models are owned by "{owners.pop()}"')
    return _by_headers(answer)


def recognise_answers(answers: Mapping[str, Fetched]) -> Recognised | None:
    """Return what the answers to GET of paths below the root show; None: not what it is."""
    for answer in answers.values():
        if (found := _by_headers(answer)) is not None:
            return found
    for preset, path, text in _answer_signs():
        seen = answers.get(path)
        if seen is not None and seen.status == 200 and text.encode() in seen.body:
            return Recognised(preset.name, f"GET {path} has {text.strip(chr(34))!r}")
    return None


def _owners(listed: Any) -> set[str]:
    models = listed.get("data") if isinstance(listed, dict) else None
    rows = models if isinstance(models, list) else []
    owners = [row.get("owned_by") for row in rows if isinstance(row, dict)]
    return {each for each in owners if isinstance(each, str)}


def _by_headers(answer: Fetched) -> Recognised | None:
    for line in answer.headers:
        for preset in PRESETS.values():
            if line.startswith(preset.known_by.headers):
                return Recognised(preset.name, f"the header {line[:60]!r}")
    return None


def _answer_signs() -> Iterator[tuple[Preset, str, str]]:
    for preset in PRESETS.values():
        for path, text in preset.known_by.answers.items():
            yield preset, path, text


# --- asking --------------------------------------------------------------------------------------


async def look(client: Client, endpoint: Endpoint) -> Recognised:
    """Find out what the upstream is; see the table above."""
    key = {"authorization": f"Bearer {endpoint.secret}"} if endpoint.secret else {}
    try:
        listed = await client.fetch(endpoint, MODELS, key)
    except GatewayError as error:
        return Recognised(problem=error.message, has_answered=False)
    if (found := recognise_models(listed)) is not None:
        return replace(found, problem=_missing_version(endpoint, listed, {}))
    root = endpoint.base_url.removesuffix(_VERSION)
    paths = dict.fromkeys(path for _, path, _ in _answer_signs())
    if root == endpoint.base_url:
        paths[_VERSION + MODELS] = None
    answers = await _all(client, replace(endpoint, base_url=root), list(paths))
    found = recognise_answers(answers)
    if found is None and listed.status in _NOT_YET:
        problem = f"GET {MODELS} has status {listed.status} there: it may be on its way up."
        return Recognised(problem=problem, has_answered=False)
    return replace(found or Recognised(), problem=_missing_version(endpoint, listed, answers))


async def _all(client: Client, root: Endpoint, paths: Sequence[str]) -> dict[str, Fetched]:
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(path: str) -> Fetched | None:
        try:
            async with places:
                return await client.fetch(root, path, {})
        except GatewayError:
            return None

    answers = await asyncio.gather(*map(one, paths))
    return {path: each for path, each in zip(paths, answers, strict=True) if each is not None}


def _missing_version(endpoint: Endpoint, listed: Fetched, below: Mapping[str, Fetched]) -> str:
    """Say that the API is below /v1, where that is seen."""
    versioned = below.get(_VERSION + MODELS)
    if listed.status != 404 or versioned is None or versioned.status not in (200, 401):
        return ""
    return (
        f"GET {MODELS} is 404 at this address, and not below {_VERSION}: "
        f"its API is at {endpoint.base_url}{_VERSION}, which should be its base URL."
    )


class Recogniser:
    """Looks at the upstreams that the configuration gives no preset; one per process."""

    def __init__(self, router: Router, client: Client, observe: Observer) -> None:
        self._router = router
        self._client = client
        self._observe = observe
        self._unanswered: list[str] = list(router.unrecognised)

    async def start(self) -> None:
        """Look at all of them at once, for PATIENCE seconds."""
        await self._look_at_all(PATIENCE, is_first=True)

    async def go_on(self) -> None:
        """Look again at those that have not answered, until all have."""
        pause, longest = PAUSES
        while self._unanswered:
            await asyncio.sleep(pause)
            await self._look_at_all(LATER, is_first=False)
            pause = min(2 * pause, longest)

    async def _look_at_all(self, patience: float, *, is_first: bool) -> None:
        names = self._unanswered
        looks = [self._look(name, patience) for name in names]
        for name, seen in zip(names, await asyncio.gather(*looks), strict=True):
            if seen.has_answered or is_first:
                self._router.recognise(name, seen.preset)
                self._tell(name, seen)
            if seen.has_answered:
                self._unanswered = [each for each in self._unanswered if each != name]

    async def _look(self, name: str, patience: float) -> Recognised:
        try:
            async with asyncio.timeout(patience):
                return await look(self._client, self._router.endpoints[name])
        except TimeoutError:
            problem = f"The upstream '{name}' did not answer within {patience:g} seconds."
            return Recognised(problem=problem, has_answered=False)

    def _tell(self, name: str, seen: Recognised) -> None:
        self._observe(
            UpstreamRecognised(name, seen.preset, seen.sign, seen.problem, seen.has_answered)
        )
