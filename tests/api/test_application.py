"""FastAPI as the gateway has it."""

import asyncio

import pytest

from strictgate.api.application import Application
from strictgate.core.errors import MethodNotAllowed, NotFound


def made():
    """An application with one route of each kind, which tell whom they were called by."""
    called = []

    def route(name):
        async def answer(scope, receive, send):
            called.append(name)

        return answer

    app = Application(openapi_url=None, redirect_slashes=False)

    class Listed:
        async def __call__(self, scope, receive, send):
            called.append("listed")

    app.add_route("/both", Listed(), methods=["GET"])
    app.posted = {"/both": route("posted")}
    return app, called


def ask(app, method, path):
    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    asyncio.run(app({**scope, "root_path": "", "http_version": "1.1"}, None, None))


@pytest.mark.parametrize(("method", "name"), [("POST", "posted"), ("GET", "listed")])
def test_whose_turn_it_is(method, name):
    """What is posted is found at once; all else is the framework's."""
    app, called = made()
    ask(app, method, "/both")
    assert called == [name]


@pytest.mark.parametrize(
    ("method", "path", "error"), [("PUT", "/both", MethodNotAllowed), ("GET", "/no", NotFound)]
)
def test_refusals(method, path, error):
    """The framework's own are told as the gateway's."""
    with pytest.raises(error, match=f"{method} {path}"):
        ask(made()[0], method, path)
