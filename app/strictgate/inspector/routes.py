"""The page and its API, over HTTP: an ASGI application below /inspector.

| path                       | what it gives                                                     |
|----------------------------|-------------------------------------------------------------------|
| /inspector                 | the page; it holds nothing, so it needs no key                    |
| /inspector/page/NAME       | its style and its modules                                         |
| …/api/requests             | the rows of what is kept, the latest first; DELETE forgets them   |
| …/api/live                 | the rows that change, as server-sent events                       |
| …/api/requests/ID          | one request, with all that was said                               |
| …/api/test/ID              | the same as a test, which `strictgate replay` runs                |
| …/api/export.jsonl, .har   | all that is kept                                                  |
| …/api/models               | each model: how it did, and what was learned of it                |
| …/api/forget               | POST: what was learned of a model is forgotten                    |
| …/api/judge                | POST: what the guard makes of a text                              |

Everything that a model or a client has written is sent as JSON, and the page shows it as text.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from importlib import resources
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, Router

from strictgate.core.errors import BadRequest, BodyTooLarge, NotFound
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.gateway.driver import GrammarSource
from strictgate.inspector import saved
from strictgate.inspector.details import details, examiner_of
from strictgate.inspector.entries import Entry
from strictgate.inspector.everywhere import Everywhere
from strictgate.inspector.models import Learned, model_rows
from strictgate.inspector.recorder import Inspector, rows

ROOT = "/inspector"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
SECURITY = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}
GATHER = 0.1  # seconds in which changes gather
BEAT = 1.0  # seconds after which a live list that is quiet looks whether the server leaves
QUIET = 15.0  # seconds after which it says that it lives
MAX_BODY = 1 << 20  # bytes of what is posted

Endpoint = Callable[[Request], Awaitable[Response]]


def page_files() -> Mapping[str, tuple[str, bytes]]:
    """Return the page's files: path, content type and content."""
    folder = resources.files("strictgate.inspector").joinpath("page")
    found = {}
    for each in folder.iterdir():
        suffix = "." + each.name.rpartition(".")[2]
        if suffix in KINDS:
            found[f"{ROOT}/page/{each.name}"] = (KINDS[suffix], each.read_bytes())
    found[ROOT] = found.pop(f"{ROOT}/page/index.html")
    return found


class InspectorRoutes:
    """The application; mounted where its paths are not cut."""

    def __init__(
        self,
        inspector: Inspector,
        everywhere: Everywhere,
        learned: Learned,
        grammars: GrammarSource | None,
        redact: Callable[[str], str],
        is_draining: Callable[[], bool],
    ) -> None:
        self._inspector = inspector
        self._everywhere = everywhere
        self._learned = learned
        self._grammars = grammars
        self._redact = redact
        self._is_draining = is_draining
        self._files = page_files()
        api: list[tuple[str, str, Endpoint]] = [
            ("GET", "requests", self._list),
            ("DELETE", "requests", self._clear),
            ("GET", "live", self._live),
            ("GET", "requests/{id:path}", self._one),
            ("GET", "test/{id:path}", self._test),
            ("GET", "export.jsonl", self._jsonl),
            ("GET", "export.har", self._har),
            ("GET", "models", self._models),
            ("POST", "forget", self._forget),
            ("POST", "judge", self._judge),
        ]
        self._router = Router(
            [Route(f"{ROOT}/api/{path}", each, methods=[method]) for method, path, each in api],
            redirect_slashes=False,
        )

    @property
    def open_paths(self) -> frozenset[str]:
        """What holds nothing that anybody has said: a browser can fetch it without a key."""
        return frozenset({*self._files, "/", f"{ROOT}/"})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        self._inspector.access.check(scope)
        if path in ("/", f"{ROOT}/"):
            response = Response(status_code=307, headers={"location": ROOT})
            await response(scope, receive, send)
        elif path in self._files:
            kind, content = self._files[path]
            page = Response(content, media_type=kind, headers=SECURITY)
            await page(scope, receive, send)
        else:
            await self._router(scope, receive, send)

    # --- the requests ----------------------------------------------------------------------------

    async def _list(self, _: Request) -> Response:
        return self._json(await self._everywhere.rows())

    async def _clear(self, _: Request) -> Response:
        await self._everywhere.clear()
        return self._json({"cleared": True})

    async def _live(self, _: Request) -> Response:
        headers = SECURITY | {"content-type": "text/event-stream"}
        return StreamingResponse(self._changes(), headers=headers)

    async def _changes(self) -> AsyncIterator[bytes]:
        """Yield the rows that change, in batches, until the server is on its way down."""
        quiet, name = 0.0, secrets.token_hex(8)
        beat = self._everywhere.pause or BEAT
        with self._inspector.following() as follower:
            await self._everywhere.news(name)  # from now on they note it
            yield b": here\n\n"
            while not (self._is_draining() or follower.is_over):
                await follower.wait(beat)
                await asyncio.sleep(GATHER)
                news = rows(self._inspector, follower.take_all())
                if news := [*news, *await self._everywhere.news(name)]:
                    quiet = 0.0
                    yield f"data: {self._redact(write_json(news))}\n\n".encode()
                elif (quiet := quiet + beat) >= QUIET:
                    quiet = 0.0
                    yield b": here\n\n"

    async def _one(self, request: Request) -> Response:
        entry = await self._entry(request)
        return self._json(await details(entry, self._grammars))

    async def _test(self, request: Request) -> Response:
        entry = await self._entry(request)
        made = saved.test_of(entry)
        if isinstance(made, str):
            raise BadRequest(f"This request cannot be saved as a test: {made}.")
        return self._file(
            self._redact(write_json(made)), f"{_file_name(entry.id)}.json", "application/json"
        )

    async def _jsonl(self, _: Request) -> Response:
        kept = await self._everywhere.kept(has_texts=True)
        lines = [write_json(saved.exported(each)) for each in reversed(kept.entries)]
        text = "".join(f"{self._redact(line)}\n" for line in lines)
        return self._file(text, "strictgate.jsonl", "application/jsonl")

    async def _har(self, _: Request) -> Response:
        kept = await self._everywhere.kept(has_texts=True)
        log = saved.har(list(reversed(kept.entries)))
        return self._file(self._redact(write_json(log)), "strictgate.har", "application/json")

    async def _entry(self, request: Request) -> Entry:
        entry = await self._everywhere.entry(request.path_params["id"])
        if entry is None:
            raise NotFound(
                "This request is not kept (any more): the inspector keeps the latest "
                "inspector.keep requests, until the process ends."
            )
        return entry

    # --- models and texts ------------------------------------------------------------------------

    async def _models(self, _: Request) -> Response:
        kept = await self._everywhere.kept(has_texts=False)
        return self._json(model_rows(kept, self._learned))

    async def _forget(self, request: Request) -> Response:
        asked = await _body(request)
        self._learned.forget(str(asked.get("upstream")), str(asked.get("model")))
        return self._json({"forgotten": True})

    async def _judge(self, request: Request) -> Response:
        asked = await _body(request)
        schema, text = asked.get("schema"), asked.get("text")
        examiner = await examiner_of(write_json(schema), None, self._grammars)
        if examiner is None or not isinstance(text, str):
            raise BadRequest("Send a JSON Schema as 'schema', and a 'text'.")
        is_over = asked.get("over") is not False
        return self._json(examiner.examined(text, wrapped=False, is_over=is_over))

    # --- answers ---------------------------------------------------------------------------------

    def _json(self, value: Any) -> Response:
        text = self._redact(write_json(value))
        return Response(text, media_type="application/json", headers=SECURITY)

    def _file(self, text: str, name: str, kind: str) -> Response:
        headers = SECURITY | {"content-disposition": f'attachment; filename="{name}"'}
        return Response(text, media_type=kind, headers=headers)


def _file_name(name: str) -> str:
    """Return what of a request's id, which clients may give, can be in the name of a file."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


async def _body(request: Request) -> Mapping[str, Any]:
    """Return the JSON object that was posted.

    Raises:
        BadRequest: there is none.
        BodyTooLarge
    """
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY:
            raise BodyTooLarge(f"At most {MAX_BODY} bytes can be posted here.")
        pieces.append(piece)
    try:
        value = parse_json(b"".join(pieces).decode())
    except (UnicodeDecodeError, NotJSON) as error:
        raise BadRequest("The request's body must be a JSON object.") from error
    if not isinstance(value, dict):
        raise BadRequest("The request's body must be a JSON object.")
    return value
