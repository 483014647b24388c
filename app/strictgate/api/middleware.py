"""The door: what every request passes before anything reads it, and every answer on its way out.

In this order, so that the cheap and the safe come first: an id; the Host and the Origin, which
stop web pages from reaching a local server (DNS rebinding, cross-site requests); draining and
overload; the client's key. Every refusal, and every bug, leaves as an error in the shape of the
surface that the path belongs to.
"""

import asyncio
import os
import re
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from strictgate.api import response
from strictgate.api.access import (
    AccessRules,
    check_host,
    checked_origin,
    foreign_origin,
    known_key,
)
from strictgate.api.request import ClientLeft, Receive, Scope, StreamFailed
from strictgate.api.response import Send
from strictgate.api.sending import AnswerSender
from strictgate.api.server import server_extension
from strictgate.api.turns import Turns
from strictgate.core.errors import (
    GatewayError,
    LoopDetected,
    OutOfDescriptors,
    Overloaded,
    RateLimited,
)
from strictgate.core.surfaces.table import surface_of
from strictgate.core.wire.passthrough import Header
from strictgate.core.wire.trace_context import TraceContext
from strictgate.gateway.caller import Caller
from strictgate.gateway.client_keys import ClientKey, KeyRing
from strictgate.observe.events import (
    Event,
    KeyLimited,
    Observer,
    RequestFinished,
)
from strictgate.observe.process_events import Crashed, OutOfResources
from strictgate.observe.redaction import without_credentials
from strictgate.observe.summary import summary
from strictgate.observe.trace_ids import new_trace
from strictgate.settings.loading import Settings
from strictgate.upstream.headers import KEYS, VIA

ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]

_FINAL = frozenset({*range(400, 500), 508} - {408, 409, 425, 429})
"""Statuses of errors that are the same however often it is asked; OpenAI's SDKs heed the header."""
OWN_PAGES = "/inspector"
_FRAME_ENDS = (b"\n\n", b"\r\r", b"\r\n\r\n")
LEAVING = {"retry-after": "1", "connection": "close"}
"""The headers of what says that this process is on its way down: another one may answer soon."""
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
METRICS_PATH = "/metrics"
ALWAYS_ANSWERED = OPEN_PATHS | {METRICS_PATH}
"""Paths that have an answer in a full house, too."""
_OURS = frozenset({VIA})
_WITH_KEYS = _OURS | KEYS
"""Headers that do not go on as they came: where Strictgate has keys of its own, these neither."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
"""What is taken over of a client's `x-request-id`: nothing that could break a line or a header."""


def _texts(headers: Sequence[tuple[bytes, bytes]]) -> list[Header]:
    """Return headers, which are bytes, as text."""
    try:
        return [(name.decode("latin-1"), value.decode()) for name, value in headers]
    except UnicodeDecodeError:
        return [(name.decode("latin-1"), _text(value)) for name, value in headers]


def _text(raw: bytes) -> str:
    """What is not UTF-8 is Latin-1 (RFC 9110 §5.5)."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@dataclass
class GatewayMiddleware:
    """The outermost ASGI application."""

    inner: ASGI
    rules: AccessRules
    observe: Observer
    is_draining: Callable[[], bool] = field(default=lambda: False)
    trace_ratio: float | None = None
    """Of the traces that begin here, how many are recorded; None: requests are not traced here,
    and their `traceparent` is passed on."""
    under_way: int = 0
    reload: "Callable[[Settings], Awaitable[tuple[str, ...]]] | None" = None
    """Puts new settings into force; see api/reloading.py."""
    _visits: dict[str, "_Visit"] = field(default_factory=dict)
    """The requests that are under way, by their ids."""
    _turns: Turns = field(default_factory=Turns)
    _token: str = field(default_factory=lambda: secrets.token_hex(8))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        visit = self._arrived(scope, send)
        try:
            if self._is_preflight(visit):
                await visit.preflight()
                return
            for pending in self._admit(visit):
                await pending
            await self.inner(self._scope(visit), receive, visit.answer.send)
        except ClientLeft:
            visit.client_left = True
        except StreamFailed as failed:
            visit.note(failed.error)
        except GatewayError as error:
            self._tell(visit, error)
            with suppress(ClientLeft):
                await visit.fail(error)
        except asyncio.CancelledError:  # the time to drain is over
            with suppress(ClientLeft):
                await visit.fail(shutting_down())
        except Exception:  # noqa: BLE001 the one place where a bug becomes an answer
            self.observe(Crashed(visit.id, visit.method, visit.path, traceback.format_exc()))
            await visit.fail(GatewayError(f"Internal error. Quote {visit.id} when you report it."))
        finally:
            self.under_way -= 1
            del self._visits[visit.id]
            self.observe(visit.finished(self.rules.keys))

    def _arrived(self, scope: Scope, send: Send) -> "_Visit":
        visit = _Visit(scope, send)
        visit.id = self._request_id(visit)
        visit.answer.turns = self._turns
        visit.answer.added.append((b"x-request-id", visit.id.encode()))
        if self.trace_ratio is not None:
            visit.trace = new_trace(visit.header("traceparent"), self.trace_ratio)
        self._visits[visit.id] = visit
        self.under_way += 1
        return visit

    @property
    def streams_open(self) -> int:
        """How many of the answers under way are streams."""
        return sum(visit.answer.is_stream for visit in self._visits.values())

    def _tell(self, visit: "_Visit", error: GatewayError) -> None:
        """Tell of an error that has an event of its own."""
        if isinstance(error, OutOfDescriptors):
            self.observe(OutOfResources(visit.id, error.message))
        if isinstance(error, RateLimited) and visit.key is not None:
            self.observe(KeyLimited(visit.id, visit.key.label, error.type))

    def _is_preflight(self, visit: "_Visit") -> bool:
        """Check by what name and from what page it comes; return whether a browser only asks.

        Raises:
            HostRefused, OriginRefused
        """
        host, origin = visit.header("host"), visit.header("origin")
        if visit.path not in OPEN_PATHS:
            check_host(host, self.rules)
        if origin is None:
            return False
        welcome = checked_origin(foreign_origin(origin, host, self.rules), self.rules.origins)
        if welcome is None:
            return False
        visit.answer.added += [
            (b"access-control-allow-origin", welcome.encode()),
            (b"access-control-expose-headers", b"*"),
            (b"vary", b"origin"),
        ]
        return visit.method == "OPTIONS"

    def _admit(self, visit: "_Visit") -> Iterator[Awaitable[object]]:
        """Let it in; yield what is to be awaited before, which is mostly nothing.

        Raises:
            Overloaded, Unauthorized, RateLimited
        """
        path, rules = visit.path, self.rules
        if path in OPEN_PATHS:
            return
        if path not in ALWAYS_ANSWERED:
            self._check_room()
        is_metrics = path == METRICS_PATH
        is_open = path in rules.open_paths or (is_metrics and rules.is_metrics_open)
        if rules.needs_key and not is_open:
            visit.key = known_key(visit.authorization, rules)
            visit.is_key_ours = True
            if visit.key is not None and not is_metrics:
                pending = rules.keys.admit(visit.key)
                if pending is not None:
                    yield pending
        turn = self._turns.take()
        if turn is not None:
            yield turn

    def _scope(self, visit: "_Visit") -> Scope:
        """Return the request's scope with what the routes need to know of it.

        Raises:
            LoopDetected
        """
        authorization = None if visit.is_key_ours else visit.authorization
        query = visit.scope["query_string"].decode("latin-1")
        about = (visit.id, authorization, self._marked(visit), query, visit.key, visit.trace)
        caller = Caller(*about, visit.told.append)
        return {**visit.scope, "caller": caller, "answer": visit.answer, "first": visit.first}

    def _request_id(self, visit: "_Visit") -> str:
        """Return the client's own id of a request, or one that is made: where it gives none, one
        that is odd or has its key in it, or one that a request under way has."""
        given = visit.header("x-request-id")
        if given is None or not _REQUEST_ID.fullmatch(given) or given in self._visits:
            return f"req_{os.urandom(16).hex()}"
        is_clean = without_credentials(given, visit.authorization) == given
        return given if is_clean else f"req_{os.urandom(16).hex()}"

    def _marked(self, visit: "_Visit") -> Sequence[Header]:
        """Return the request's headers with this gateway's token among those it came through.

        Raises:
            LoopDetected: it came through here already.
        """
        via = visit.header(VIA) or ""
        if self._token in via:
            raise LoopDetected(
                "This request has come through this Strictgate already: the base_url of one of its "
                "upstreams leads back to it. Set upstreams.*.base_url to the model's server.",
                headers={"x-should-retry": "false"},
            )
        ours = _WITH_KEYS if self.rules.needs_key else _OURS
        others = visit.headers
        if visit.trace is not None or not ours.isdisjoint(visit.first):
            told_anew = ours if visit.trace is None else {*ours, "traceparent"}
            others = [each for each in others if each[0] not in told_anew]
        return [*others, (VIA, f"{via}, {self._token}" if via else self._token)]

    def _check_room(self) -> None:
        if self.is_draining():
            raise shutting_down()
        if self.under_way > self.rules.connections:
            raise too_many()


class _Visit:
    """One request's way through the door."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.id = ""
        self.key: ClientKey | None = None
        self.trace: TraceContext | None = None
        self.told: list[Event] = []
        """What happened to it, as the gateway tells."""
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.surface = surface_of(self.path)
        self.is_key_ours = False
        """Whether its credentials were for Strictgate, and so for no upstream."""
        self.error: str | None = None
        self.client_left = False
        self.headers = _texts(scope["headers"])
        self.first = dict(reversed(self.headers))
        """The first header of each name."""
        self.authorization = self.surface.authorization(self.first)
        """The client's credentials, for whomever they are."""
        is_ours = self.path.startswith(OWN_PAGES)
        self.answer = AnswerSender(send, server_extension(scope), is_ours=is_ours)
        self._began = time.monotonic()

    def header(self, name: str) -> str | None:
        """Return the first header of that name, in lower case."""
        return self.first.get(name)

    async def preflight(self) -> None:
        """Tell a browser that the page may go on; it asks without a key."""
        asked = self.header("access-control-request-headers") or "authorization, content-type"
        allowed = {
            "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
            "access-control-allow-headers": asked,
            "access-control-max-age": "600",
        }
        await response.start(self.answer.send, 204, allowed.items())
        await response.piece(self.answer.send, b"", more=False)

    async def fail(self, error: GatewayError) -> None:
        """Answer with `error`.

        A stream that has begun ends in a frame with it; any other answer is left unfinished, on
        which the server cuts the connection, so that nobody takes it for whole.
        """
        self.note(error)
        answer = self.answer
        if not answer.status:
            answer.drop_head()
            told = self.surface.error(error)
            headers = {"x-should-retry": "false"} if told.status in _FINAL else {}
            await response.send_json(
                answer.send, told.status, told.body, {**headers, **told.headers}
            )
        elif answer.is_stream:
            gap = b"" if answer.tail.endswith(_FRAME_ENDS) else b"\n\n"
            await response.piece(answer.send, gap + self.surface.error_frame(error), more=False)

    def note(self, error: GatewayError) -> None:
        """Remember for the log what the client has been told."""
        body = error.body()["error"]
        self.error = str(body.get("code") or body.get("type"))

    def finished(self, keys: KeyRing) -> RequestFinished:
        """Return what there is to say of it, and have its key pay for it."""
        told = summary(self.told)
        about = (told.get("model", ""), told["tokens_in"], told["tokens_out"])
        return RequestFinished(
            request_id=self.id,
            method=self.method,
            path=without_credentials(self.path, self.authorization)[:500],
            status=self.answer.status,
            seconds=round(time.monotonic() - self._began, 6),
            error=self.error,
            client_left=self.client_left,
            is_stream=self.answer.is_stream,
            first_byte=round(self.answer.first_byte, 6),
            key="" if self.key is None else self.key.label,
            cost=keys.spend(self.key, *about),
            **told,
            **(self.trace.recorded() if self.trace is not None else {}),
        )


def too_many() -> Overloaded:
    """Return the error of what comes while there is no room."""
    return Overloaded(
        "Too many requests are under way (limits.connections).", headers={"retry-after": "1"}
    )


def shutting_down() -> Overloaded:
    """Return the error of what comes too late."""
    return Overloaded("Strictgate is shutting down.", code="shutting_down", headers=LEAVING)
