"""Kinds of requests, prepared: all that is planned without a look at the messages is kept.

Most requests of an application differ in their messages alone, and in what they only carry along.
Contract, schemas, route, what is known of the model and the plan are the same for all of them, and
so are the errors that there could be. The plan of a request whose kind comes for the second time is
kept, and those behind it have it with their own messages; what comes once costs no memory.

What is kept holds as long as nothing new is learned of any model, no upstream is recognised, and
nothing that is known of its own model is forgotten for its age. It is of one configuration: a new
one begins with nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import orjson

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.lru_cache import LruCache
from strictgate.core.plan.plan_template import CARRIED, PlanTemplate, emptied, plan_template
from strictgate.core.plan.planner import Planner
from strictgate.core.plan.prompted_tools import PromptedToolsReader, prompted_messages
from strictgate.core.request.contract import check_messages
from strictgate.core.request.options import Enforcement
from strictgate.core.surfaces.surface import SurfaceRequest
from strictgate.core.value_type import value_type
from strictgate.core.wire.calls import CallIds
from strictgate.core.work import Work
from strictgate.gateway.planned_request import PlannedRequest
from strictgate.gateway.records import Aim
from strictgate.gateway.tool_planning import ReadRequest
from strictgate.upstream.learned_capabilities import LearnedCapabilities
from strictgate.upstream.routing import Route, Router

CAPACITY = 8 << 20  # bytes
MAX_KEY = 64 << 10  # bytes of a request without its messages; beside larger ones planning is little
MOST_SEEN = 1024
_ENTRY = 4096
_FACTOR = 8  # bytes of memory per byte of a request, parsed, in its plan and as the key
Kind = tuple[str, bool, bytes]
"""Where a request comes from, whether its functions are strict by default, and what is left of it
where it is emptied (core/plan/plan_template.py): the places are in it, as the upstream gets what
belongs there in the same order."""


@value_type
class PreparedRequest:
    """How all requests of a kind are planned."""

    read: ReadRequest
    """Its body is another for each request, and that of `planner` emptied."""
    route: Route
    planner: Planner
    manual: str
    """What the messages tell of functions that the model has not; "": it is asked as the caller
    asks."""
    modes: tuple[Mode, ...]
    """Those to ask in, in their order."""
    template: PlanTemplate
    """Of the plan for the first of them."""
    enforcement: Enforcement
    refused: Collection[Mode]
    is_proven: bool
    budget: int
    """Units of work."""
    known: tuple[int, int]
    """How often the routes, and what was learned of any model, had changed."""
    aim: Aim
    until: float
    """When something that is known of its model is forgotten, by the monotonic clock."""

    def of(self, body: Mapping[str, Any]) -> PlannedRequest:
        """Return the plan for `body`, a request of this kind.

        Raises:
            BadRequest: the messages are malformed.
        """
        check_messages(body.get("messages"))
        was, read, asked, reader = self.planner, self.read, body, None
        if self.manual:
            ids = CallIds.after(body["messages"])
            reader = PromptedToolsReader(read.contract.toolbox.is_deprecated, ids)
            asked = {**was.body, "messages": prompted_messages(body["messages"], self.manual)}
            asked |= {name: body[name] for name in CARRIED & asked.keys()}
        planner = Planner(
            was.contract,
            was.schema,
            was.capabilities,
            asked,
            was.model,
            was.template,
            was.steers,
            was.tools,
            was.origin,
        )
        conversation = Conversation(
            planner,
            self.enforcement,
            self.refused,
            is_proven=self.is_proven,
            work=Work(self.budget),
            modes=self.modes,
            plan=self.template.filled(asked),
        )
        again = ReadRequest(read.contract, body, read.schema, read.tools, {}, read.origin)
        return PlannedRequest(
            again, self.route, conversation, None, reader, self.manual, None, None, self.aim
        )


class PreparedRequests:
    """One per process; the kinds that have not been asked for longest leave first."""

    def __init__(self, router: Router, learned: LearnedCapabilities) -> None:
        self._router = router
        self._learned = learned
        self._kept: LruCache[Kind, PreparedRequest] = LruCache(CAPACITY)
        self._seen: LruCache[int, bool] = LruCache(MOST_SEEN)
        """Kinds that have come once, by their hashes."""

    @property
    def weight(self) -> int:
        """Bytes of all that is kept."""
        return self._kept.weight

    def planned(self, kind: Kind, body: Mapping[str, Any], now: float) -> PlannedRequest | None:
        """Return the plan for `body`, which is of that kind; None: it is to be planned.

        Raises:
            BadRequest: the messages are malformed.
        """
        found = self._kept.get(kind)
        known = self._router.changes, self._learned.changes
        if found is None or found.known != known or now >= found.until:
            return None
        return found.of(body)

    def keep(self, kind: Kind, planned: PlannedRequest, now: float) -> None:
        """Keep a plan that has just been made for a request of that kind, if it may be.

        Not kept is what comes for the first time; what was made of the messages, as functions in
        place of custom tools are; and what has parts of its own.
        """
        mark = hash(kind)
        if mark not in self._seen:
            self._seen.put(mark, True, 1)
            return
        read, route, conversation = planned.read, planned.route, planned.conversation
        planner = conversation.planner
        is_special = planned.custom or planned.adapter or planner.parts
        if is_special or read.inputs or planner.left_out:
            return
        opening = conversation.opening()
        template = None if opening is None else plan_template(planner, opening.plan)
        if template is None:
            return
        prepared = PreparedRequest(
            read=replace(read, body={}),
            route=route,
            planner=replace(planner, body=emptied(planner.body)),
            manual=planned.manual,
            modes=planner.ladder(conversation.refused),
            template=template,
            enforcement=conversation.enforcement,
            refused=conversation.refused,
            is_proven=conversation.is_proven,
            budget=conversation.work.budget,
            known=(self._router.changes, self._learned.changes),
            aim=planned.aim(),
            until=self._learned.unchanged_until(route.endpoint.name, route.model, now),
        )
        functions = planner.tools.schemas.values() if planner.tools is not None else ()
        schemas = [each for each in (planner.schema, *functions) if each is not None]
        weight = sum(each.inspected.weight for each in schemas)
        self._kept.put(kind, prepared, _ENTRY + _FACTOR * len(kind[-1]) + weight)


def kind_of(asked: SurfaceRequest) -> Kind | None:
    """Return which kind of request it is; None: it is of none that is kept."""
    if asked.input_grammars:  # they are no members of it
        return None
    try:
        key = orjson.dumps(emptied(asked.chat))
    except TypeError:  # integers beyond 64 bits, or lone surrogates
        return None
    return (asked.origin, asked.strict_by_default, key) if len(key) <= MAX_KEY else None
