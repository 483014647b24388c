"""`GET /metrics`: what is counted, and what is read off the parts when somebody asks."""

from importlib import import_module

from strictgate.api import response
from strictgate.api.middleware import GatewayMiddleware
from strictgate.api.reloading import Reloader
from strictgate.api.request import Receive, Scope
from strictgate.api.response import Send
from strictgate.gateway.gateway import Computing
from strictgate.gateway.grammar_cache import GrammarCache
from strictgate.gateway.siblings import ALONE, FIGURES, Siblings
from strictgate.observe.metrics import Metrics, Reading


class MetricsPage:
    """The ASGI application for it: it answers for all processes that serve together."""

    def __init__(self, metrics: Metrics, siblings: Siblings) -> None:
        self._metrics = metrics
        self._siblings = siblings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
        page, content_type = await self._page(accept)
        told = [("content-type", content_type), ("content-length", str(len(page)))]
        await response.start(send, 200, told)
        await response.piece(send, b"" if scope["method"] == "HEAD" else page, more=False)

    async def _page(self, accept: str) -> tuple[bytes, str]:
        if self._siblings is ALONE:
            return self._metrics.page(accept)
        own = self._metrics.snapshot()
        merging = import_module("strictgate.observe.merging")  # late, as all of prometheus-client
        families = merging.merged([own, *await self._siblings.ask(FIGURES, own)])
        page: tuple[bytes, str] = merging.page_of(families, accept)
        return page


def readings(
    door: GatewayMiddleware, reloader: Reloader, computing: Computing, grammars: GrammarCache
) -> list[Reading]:
    """Return the gauges of an application's parts."""
    found = [
        Reading(
            "strictgate_requests_under_way",
            "Requests that have come in and are not over.",
            lambda: door.under_way,
        ),
        Reading(
            "strictgate_streams_open",
            "Streams to clients that have begun and are not over.",
            lambda: door.streams_open,
        ),
        Reading(
            "strictgate_schema_cache_bytes",
            "Compiled schemas that are kept, and what workers said of others.",
            lambda: reloader.serving.gateway.schema_bytes,
        ),
        Reading(
            "strictgate_grammar_cache_bytes",
            "Grammars of schemas that are kept.",
            lambda: grammars.size,
        ),
        Reading(
            "strictgate_grammar_cache_entries",
            "Schemas whose grammar is kept, or of which it is known that they have none.",
            lambda: len(grammars),
        ),
    ]
    workers, store = computing.workers, reloader.serving.gateway.store
    if workers is not None:
        found += [
            Reading(
                "strictgate_worker_queue",
                "Steps that wait for a worker process, or that one computes.",
                lambda: workers.waiting,
            ),
            Reading(
                "strictgate_workers",
                "Processes for heavy steps (limits.workers) that run.",
                lambda: workers.processes,
            ),
        ]
    if store is not None:
        found += [
            Reading(
                "strictgate_store_bytes",
                "Responses that are kept, as of the last that was; 0: not known.",
                lambda: store.size,
            ),
            Reading(
                "strictgate_store_queue",
                "Responses that wait to be kept.",
                lambda: store.waiting,
            ),
        ]
    return found
