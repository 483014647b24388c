"""A request as it comes in: headers, body under a cap and a deadline, and the client's leaving."""

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from functools import lru_cache
from typing import Any, NoReturn, TypeVar
from urllib.parse import unquote

from strictgate.api.server import ServerExtension, server_extension
from strictgate.core.errors import (
    BodyTooLarge,
    GatewayError,
    NotFound,
    RequestTimeout,
    UnsupportedMediaType,
)
from strictgate.core.jsontext.value_count import has_more_values
from strictgate.core.surfaces.table import ROOTS, ROUTES
from strictgate.core.value_type import value_type
from strictgate.gateway.caller import Caller
from strictgate.upstream.breathing import LARGE, breathe

Scope = Mapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

Beside = Callable[[], Coroutine[Any, Any, None]]
"""Makes what goes on beside some work."""

LINGER = 4 << 20
"""Bytes over the cap that are read and dropped: a client that is still writing when the connection
is closed under it never sees the answer."""
_MAX_DECODINGS = 4
BODY_DEADLINE = 60.0  # seconds to receive a body that is read whole

_ENFORCED_PATHS = tuple({path.removeprefix(root) for path in ROUTES for root in ROOTS})

T = TypeVar("T")


class ClientLeft(Exception):
    """The client closed the connection; there is nobody to answer."""


class StreamFailed(Exception):
    """A stream has ended with `error`, which the client has been told."""

    def __init__(self, error: GatewayError) -> None:
        super().__init__(error.message)
        self.error = error


@lru_cache(1024)
def _below_prefix(raw: str) -> str:
    prefix = next((each for each in ROOTS if raw.startswith(f"{each}/")), None)
    if prefix is None or not _is_plain(raw) or _is_nearly_enforced(raw) or not _is_text(raw):
        raise NotFound(f"Unknown request URL: {raw[:200]}.", code="unknown_url")
    return raw.removeprefix(prefix)


def _is_plain(path: str) -> bool:
    """Whether no reader could take `path` for one that leads up, or to another route."""
    for _ in range(_MAX_DECODINGS):
        steps = re.split(r"[/\\]", path)[1:]
        if any(step.partition(";")[0] in ("", ".", "..") for step in steps):
            return False
        decoded = unquote(path)
        if decoded == path:
            return True
        path = decoded
    return False


def _is_text(path: str) -> bool:
    """Whether `path` is text in whatever way it is decoded: UTF-8, without control characters.

    A lenient server may read an overlong `%C0%AF` as a slash, and may stop reading at `%00`.
    """
    while (decoded := _decoded(path)) != path:
        path = decoded
    return not any(each == "\ufffd" or unicodedata.category(each) == "Cc" for each in path)


def _is_nearly_enforced(path: str) -> bool:
    """Whether a lenient server might take `path` for a route whose answers are judged."""
    return path not in ROUTES and _plainest(path).endswith(_ENFORCED_PATHS)


def _plainest(path: str) -> str:
    """Return the shortest route that any server could read in `path`.

    It is decoded to the end; case, accents, compatibility forms and whatever is not ASCII are
    taken away, as are parameters of steps, what looks like a query or a fragment, and an extension.
    """
    while (decoded := _decoded(path)) != path:
        path = decoded
    path = re.split(r"[?#]", path, maxsplit=1)[0].replace("\\", "/")
    ascii_only = unicodedata.normalize("NFKD", path).upper().lower().encode("ascii", "ignore")
    steps = [step.partition(";")[0] for step in ascii_only.decode().split("/")]
    plain = re.sub(r"[^a-z0-9/_.-]", "", "/".join(step for step in steps if step))
    return "/" + re.sub(r"\.[a-z0-9]*$", "", plain)


def _decoded(path: str) -> str:
    """Undo one layer of percent-encoding, and of the `%uXXXX` that some servers know."""
    return unquote(re.sub(r"%u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), path))


@value_type
class BodyLimits:
    """How much of a body is read whole."""

    size: int
    """Bytes."""
    values: int
    """JSON values: what they take is computed at a stretch."""


class ClientRequest:
    """One HTTP request of a client."""

    def __init__(self, scope: Scope, receive: Receive, limits: BodyLimits) -> None:
        self._receive = receive
        self._limits = limits
        self._is_read = False
        self._whole: asyncio.Event | None = None
        """Set once it is read; None: nobody waits for that."""
        self._has_left = False
        self.scope = scope
        self.caller: Caller = scope["caller"]
        self.headers = self.caller.headers
        self._first: Mapping[str, str] = scope["first"]
        self._server = server_extension(scope)

    def header(self, name: str) -> str | None:
        """Return the first header of that name, in lower case."""
        return self._first.get(name)

    @property
    def api_path(self) -> str:
        """The path below `/v1`, as it was sent, percent-encoding kept.

        Raises:
            NotFound: it is not plainly one, and might be read otherwise upstream.
        """
        return _below_prefix(self.scope["raw_path"].decode("latin-1").partition("?")[0])

    @property
    def has_body(self) -> bool:
        return (
            self.header("transfer-encoding") is not None
            or (self.header("content-length") or "0") != "0"
        )

    @property
    def is_json(self) -> bool:
        kind = (self.header("content-type") or "").partition(";")[0].strip().lower()
        return kind == "application/json"

    def check_json(self) -> None:
        """Refuse what a web page may send to a local server without asking (CSRF).

        Raises:
            UnsupportedMediaType: not JSON, or compressed, which is not understood here.
        """
        if not self.is_json:
            raise UnsupportedMediaType(
                "The Content-Type must be application/json.", param="content-type"
            )
        coding = (self.header("content-encoding") or "identity").strip().lower()
        if coding != "identity":
            raise UnsupportedMediaType(
                "The body must not be compressed: send it without Content-Encoding.",
                param="content-encoding",
            )

    async def body(self) -> bytes:
        """Return the whole body.

        Raises:
            BodyTooLarge, RequestTimeout, ClientLeft
        """
        raw = None if self._server is None else self._server.whole_body()
        if raw is not None:
            self._is_read = True
            size = len(raw)
        else:
            size, raw = await self._awaited_body()
        if size > self._limits.size:
            raise BodyTooLarge(
                f"The request's body is larger than {self._limits.size} bytes (limits.body_bytes)."
            )
        if size >= LARGE:
            await breathe(size)
        if has_more_values(raw, self._limits.values) and self.is_json:
            raise BodyTooLarge(
                f"The request's body has more than {self._limits.values} JSON values "
                "(limits.body_values). Send large data as text in one string."
            )
        if size >= LARGE:
            await breathe(size)
        return raw

    async def _awaited_body(self) -> tuple[int, bytes]:
        """Return how many bytes were read, and the body where those are not more than allowed.

        Raises:
            RequestTimeout, ClientLeft
        """
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_DEADLINE):
                while not self._is_read:
                    piece = await self._piece()
                    size += len(piece)
                    if size <= self._limits.size:
                        pieces.append(piece)
                    elif size > self._limits.size + LINGER:
                        break
        except TimeoutError as error:
            raise RequestTimeout(
                "The request's body did not arrive in time.", headers={"connection": "close"}
            ) from error
        return size, b"".join(pieces)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives.

        Raises:
            ClientLeft
        """
        while not self._is_read:
            if piece := await self._piece():
                yield piece

    async def _piece(self) -> bytes:
        """Return the next piece of the body, which may be empty.

        Raises:
            ClientLeft
        """
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._has_left = True
            raise ClientLeft
        if not message.get("more_body", False):
            self._is_read = True
            if self._whole is not None:
                self._whole.set()
        piece: bytes = message.get("body", b"")
        return piece

    def while_connected(
        self, work: Awaitable[T], beside: Beside | None = None, *, after: float = 0.0
    ) -> Awaitable[T]:
        """Return what awaits `work`, and cancels it at once when the client leaves.

        Args:
            beside: what goes on beside it until it is done, …
            after: … once it has taken so many seconds, which most work does not.

        Raises:
            ClientLeft: and whatever `work`, or what is beside it, raises.
        """
        if self._server is None:
            tasks = (self._until_left(), *(() if beside is None else (beside(),)))
            return self._with_tasks(work, *tasks)
        until_done = work if beside is None else self._with_late_task(work, beside, after)
        return self._until_told(until_done, self._server)

    async def _until_told(self, work: Awaitable[T], server: ServerExtension) -> T:
        """Await `work`, in a task that the server's word of leaving cancels."""
        task = asyncio.current_task()
        assert task is not None, "the server's, of one request"
        is_told = False

        def leave() -> None:
            nonlocal is_told
            self._has_left = is_told = True
            task.cancel()

        server.on_left(leave)
        try:
            result = await work
        except asyncio.CancelledError:
            if is_told and task.uncancel() == 0:
                raise ClientLeft from None
            raise  # somebody else has cancelled it, too
        finally:
            server.on_left(None)
        if is_told:  # in the last moment
            task.uncancel()
            raise ClientLeft
        return result

    async def _until_left(self) -> None:
        if not self._is_read:
            self._whole = asyncio.Event()
            await self._whole.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._has_left = True
        raise ClientLeft

    async def _with_late_task(self, work: Awaitable[T], beside: Beside, after: float) -> T:
        tasks: list[asyncio.Task[None]] = []
        try:
            async with asyncio.TaskGroup() as group:
                timer = asyncio.get_running_loop().call_later(
                    after, lambda: tasks.append(group.create_task(beside()))
                )
                try:
                    result = await work
                finally:
                    timer.cancel()
                for task in tasks:
                    task.cancel()
        except BaseExceptionGroup as group_error:
            self._raise_one(group_error)
        return result

    async def _with_tasks(self, work: Awaitable[T], *beside: Coroutine[Any, Any, None]) -> T:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(each) for each in beside]
                result = await work
                for task in tasks:
                    task.cancel()
        except BaseExceptionGroup as group_error:
            self._raise_one(group_error)
        return result

    def _raise_one(self, errors: BaseExceptionGroup[BaseException]) -> NoReturn:
        if self._has_left:  # maybe while the body was being sent on
            raise ClientLeft from errors
        raise errors.exceptions[0]  # its own cause is the one to keep
