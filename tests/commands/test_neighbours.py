"""Whether what listens at an address is a Strictgate."""

import asyncio

import pytest

from strictgate.commands.neighbours import is_strictgate
from strictgate.settings.loading import Settings
from strictgate.upstream.client import Client
from strictgate.upstream.routing import Router
from tests.servers import serving
from tests.upstream.asking import answering


def is_one(url):
    settings = Settings().with_upstream("x", url, "generic")

    async def ask():
        async with Client(settings.limits) as client:
            return await is_strictgate(client, Router(settings, {}).endpoints["x"])

    return asyncio.run(ask())


@pytest.mark.parametrize("path", ["", "/v1", "/openai/v1"])
def test_it_is(strictgate, path):
    """It says so below its root."""
    assert is_one(strictgate.url + path)


@pytest.mark.parametrize("said", [b"ok", b'{"status": "ok"}', b"[]", b'{"server": "x"}'])
def test_it_is_not(said):
    """Other servers say that they are well, too."""
    with serving(answering(said)) as url:
        assert not is_one(f"{url}/v1")


def test_nobody_is_there():
    """Who does not answer is none."""
    assert not is_one("http://127.0.0.1:9/v1")
