"""`strictgate replay`: runs requests that the inspector has saved as tests.

The gateway is built as `serve` does, before an upstream of its own that says what the real one
said, in the same order. What comes of it must be what came of it then. Where other models were
asked in place of the first, they are asked again, in their order, with what was known of each.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from strictgate.commands.scripted_upstream import ScriptedAnswer, ScriptedUpstream
from strictgate.core.capabilities import Capabilities
from strictgate.core.errors import GatewayError
from strictgate.core.jsontext.reader import write_json
from strictgate.core.surfaces.surface import Surface
from strictgate.core.surfaces.table import ROUTES
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.caller import Caller
from strictgate.gateway.gateway import Computing, Gateway
from strictgate.gateway.grammar_cache import GrammarCache
from strictgate.gateway.opening import open_exchange
from strictgate.inspector.access import Access
from strictgate.inspector.entries import Entry
from strictgate.inspector.recorder import Inspector
from strictgate.inspector.saved import FORMAT, what_came
from strictgate.observe.events import ignore
from strictgate.settings.loading import Settings
from strictgate.settings.tables import InspectorSettings
from strictgate.upstream.client import Client
from strictgate.upstream.field_readers import field_readers
from strictgate.upstream.routing import Router

_ID = "replay"
_UPSTREAM = "saved"


class NotATest(ValueError):
    """A file holds no test that this version can run; the message says why."""


def replay(saved: Any) -> list[str]:
    """Run one test; return what differs, in sentences.

    Raises:
        NotATest: it is none.
    """
    if not isinstance(saved, dict) or saved.get("strictgate_test") != FORMAT:
        raise NotATest(f"not a test of the format {FORMAT}: save one on the page of a request")
    try:
        answers = [_scripted(each) for each in saved["answers"]]
        surface = _surface(saved["surface"])
        came = asyncio.run(_came(saved, surface, answers))
        return list(_differences(saved["expected"], came))
    except NotATest:
        raise
    except (KeyError, TypeError, ValueError) as error:  # pydantic's are ValueErrors
        raise NotATest(f"a field is missing, or is not what it should be: {error}") from error


def replay_all(named: Mapping[str, Any], say: Callable[[str], None]) -> bool:
    """Run tests, by the names of their files; say what came of each; return whether all are well.

    Raises:
        NotATest: one is none.
    """
    is_well = True
    for name, saved in named.items():
        try:
            differences = replay(saved)
        except NotATest as error:
            raise NotATest(f"{name}: {error}") from error
        is_well &= not differences
        say(f"{'ok     ' if not differences else 'DIFFERS'} {name}")
        for each in differences:
            say(f"        {each}")
    return is_well


async def _came(
    saved: Mapping[str, Any], surface: Surface, answers: Sequence[ScriptedAnswer]
) -> dict[str, Any]:
    """Ask a gateway what was asked; return what came of it, as it is saved."""
    inspector = Inspector(InspectorSettings(keep=1), Access(has_keys=True))
    async with ScriptedUpstream(answers) as upstream:
        settings = _settings(saved, upstream.url)
        router, client = Router(settings, {}), Client(settings.limits)
        for name, model in _models(saved).items():
            able = _capabilities(model["capabilities"])
            router.endpoints[name] = replace(router.endpoints[name], capabilities=able)
        grammars = GrammarCache()
        gateway = Gateway(settings, router, client, ignore, Computing(grammars))
        gateway.witness = inspector
        async with client:
            with suppress(GatewayError):  # it is recorded
                await _ask(gateway, surface, saved["request"])
        grammars.close()
    entry = inspector.entry(_ID)
    assert isinstance(entry, Entry), "it was asked"
    return what_came(entry)


async def _ask(gateway: Gateway, surface: Surface, request: Any) -> None:
    body = RequestBody(write_json(request).encode())
    exchange = await open_exchange(gateway, surface, body, Caller(_ID))
    if exchange is None:
        raise NotATest("it carries nothing that is enforced")
    await exchange.complete(_taken if exchange.is_streamed else None)


async def _taken(*_: object) -> None:
    """Take what a client would be sent as it comes."""


def _models(saved: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return each model that was asked, by the name of an upstream of its own: the first one, its
    fallbacks, and whoever wrote down what the last of them had said."""
    first = {**saved, "name": str(saved["request"]["model"])}
    writer = saved.get("repair_model")
    models = [first, *saved.get("fallbacks", ()), *([] if writer is None else [writer])]
    return {f"{_UPSTREAM}{number}": each for number, each in enumerate(models)}


def _settings(saved: Mapping[str, Any], url: str) -> Settings:
    """Return the settings of the test alone: neither a file nor variables are looked at."""
    upstream = {"base_url": url, "preset": "generic", "retries": 0, "breaker_failures": 0}
    models = _models(saved)
    aliases = {
        str(each["name"]): {"upstream": name, "model": each["model"]}
        for name, each in models.items()
    }
    writer = saved.get("repair_model")
    first = aliases[str(saved["request"]["model"])]
    first["fallbacks"] = [each["name"] for each in saved.get("fallbacks", ())]
    first["repair_model"] = None if writer is None else writer["name"]
    return Settings.model_validate(
        {
            "default_upstream": next(iter(models)),
            "upstreams": dict.fromkeys(models, upstream),
            "models": aliases,
            "enforcement": saved["enforcement"],
        }
    )


def _capabilities(fields: Mapping[str, Any]) -> Capabilities:
    readers = field_readers(Capabilities)
    return Capabilities(**{name: readers[name](value) for name, value in fields.items()})


def _surface(name: str) -> Surface:
    found = next((each for each in ROUTES.values() if each.name == name), None)
    if found is None:
        raise NotATest(f"there is no surface '{name}'")
    return found


def _scripted(answer: Mapping[str, Any]) -> ScriptedAnswer:
    body = answer["body"] if answer["body"] is not None else answer["fault"]
    return ScriptedAnswer(answer["status"], body, bool(answer["streamed"]))


def _differences(expected: Mapping[str, Any], came: Mapping[str, Any]) -> Iterator[str]:
    for name in expected:
        if expected[name] != came.get(name):
            then, now = write_json(expected[name]), write_json(came.get(name))
            yield f"{name}: then {then}, now {now}"
