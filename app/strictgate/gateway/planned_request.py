"""A request that is planned: what was read, where it goes, and the conversation about it."""

from collections.abc import Mapping
from typing import Any

from strictgate.core.conversation.conversation import Conversation
from strictgate.core.errors import OutputInvalid, OutputTooComplex, ToolsRefused
from strictgate.core.plan.prompted_tools import PromptedToolsReader
from strictgate.core.request.contract import Contract
from strictgate.core.request.custom_tools import CustomTools
from strictgate.core.surfaces.surface import UpstreamAdapter
from strictgate.core.value_type import value_type
from strictgate.gateway.records import Aim
from strictgate.gateway.tool_planning import ReadRequest
from strictgate.upstream.routing import Route


@value_type
class PlannedRequest:
    """A request that is for a conversation."""

    read: ReadRequest
    route: Route
    conversation: Conversation
    adapter: UpstreamAdapter | None = None
    """The upstream is asked in another API than chat completions."""
    emulation: PromptedToolsReader | None = None
    """The model has no tools: its documents are read as calls."""
    manual: str = ""
    """What its messages tell of the functions then."""
    custom: CustomTools | None = None
    """Functions stand for these."""
    refused_tools: ToolsRefused | None = None
    """The refusal because of which it is planned so, if it is not known from before."""
    known_aim: Aim | None = None
    """That of all requests of its kind; None: it is of none that is kept."""

    @property
    def contract(self) -> Contract:
        """What the caller asked for."""
        return self.read.contract

    def aim(self) -> Aim:
        """Return where the question goes and how, as far as the conversation has not begun."""
        route, conversation, adapter = self.route, self.conversation, self.adapter
        handover = conversation.handover
        if handover is None and self.known_aim is not None:
            return self.known_aim
        planner, endpoint = conversation.planner, route.endpoint
        contract, schema = planner.contract, planner.schema
        return Aim(
            endpoint.name,
            endpoint.base_url,
            route.model,
            "/chat/completions" if adapter is None else adapter.path,
            None if contract.source is None else schema.text,
            schema.inspected.draft,
            conversation.enforcement,
            planner.capabilities,
            conversation.refused,
            bool(planner.parts),
            contract.model,
            handover is not None and bool(handover.source),
        )

    def rendered(self, completion: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return `completion` as the caller knows it."""
        made = self.emulation.rendered(completion) if self.emulation else completion
        return without_inputs_told(self.custom.rendered(made)) if self.custom else made

    def translated(self, error: OutputInvalid) -> OutputInvalid:
        """Return `error` as one about what the caller asked for."""
        is_about_calls = self.emulation is not None and not self.contract.has_document
        if self.emulation is None or not is_about_calls or isinstance(error, OutputTooComplex):
            return error
        return self.emulation.error(error)


def without_inputs_told(completion: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a completion that tells no origins of the arguments of functions that stood for custom
    tools: the caller gets their inputs, which are no such JSON."""
    about = completion.get("x_strictgate") or {}
    if "provenance" not in about:
        return completion
    custom = {
        (choice["index"], f"/tool_calls/{at}/function/arguments")
        for choice in completion["choices"]
        for at, call in enumerate(choice["message"].get("tool_calls") or ())
        if "custom" in call
    }
    told = [
        each for each in about["provenance"] if (each["choice"], each.get("path")) not in custom
    ]
    return {**completion, "x_strictgate": {**about, "provenance": told}}
