"""The tools of a request: by what their calls are judged, and how a model is told of them.

| the upstream        | functions     | custom tools          | others (of the host's own) |
|---------------------|---------------|-----------------------|----------------------------|
| has all             | as they are   | as they are           | as they are                |
| has functions alone | as they are   | functions of a string | as they are                |
| has none            | in the prompt | the same              | left out, and named        |
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.plan import prompted_tools
from strictgate.core.plan.optional_fields import Origin
from strictgate.core.request.contract import ANY_OBJECT, Contract, read_contract
from strictgate.core.request.custom_tools import CustomTools
from strictgate.core.request.options import Enforcement, StrictRules, ToolEnforcement
from strictgate.core.request.tools import (
    Function,
    Toolbox,
    Toolset,
    is_strict_unsaid,
    unnamed_tools,
)
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import value_type
from strictgate.gateway.admission import Admission, AdmissionPending
from strictgate.gateway.worker_messages import Admit

Body = Mapping[str, Any]
_NO_FUNCTIONS = (
    "This model calls no tools by itself, and those that may be called are neither functions nor "
    "custom tools, which could be told in its prompt: send such ones, or ask a model that has them."
)


@value_type
class ReadRequest:
    """A request, and all that it is judged by."""

    contract: Contract
    body: Body
    schema: Schema
    tools: Toolset | None
    inputs: Mapping[str, InputMatcher]
    """By the name of each custom tool with a grammar."""
    origin: Origin = Origin.CHAT
    left_out: tuple[str, ...] = ()
    """What of it cannot be told to the upstream: `tools[0] (browser_search)`."""
    manual: str = ""
    """What its messages tell of functions that the model has not; "": there are none."""


class ToolPlanner:
    """Admits the schemas of functions, and puts requests with tools otherwise."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def toolset(self, box: Toolbox, rules: Enforcement, *, has_inputs: bool) -> Toolset | None:
        """Return what calls are judged by; None where no function's arguments are."""
        schemas: dict[str, Schema | None] = dict.fromkeys(box.others)
        pending: list[Admit] = []
        for each in box.functions:
            is_asked = each.strict or rules.tools is ToolEnforcement.ALL
            judged = self._parameters if is_asked else self._unsaid
            try:
                schemas[each.name] = judged(each, rules)
            except AdmissionPending as more:  # all of them are told at once
                pending += more.questions
        if pending:
            raise AdmissionPending(pending)
        if not any(schemas.values()) and not has_inputs:
            return None
        return box.judged_by(schemas)

    def _unsaid(self, function: Function, rules: Enforcement) -> Schema | None:
        """Return the schema of a function that may be strict by default; None where it cannot."""
        if function.strict is not None or not is_strict_unsaid(function.parameters):
            return None
        try:
            return self._parameters(replace(function, strict=True), rules)
        except BadRequest:  # not admitted: nobody has asked for it to be enforced
            return None

    def _parameters(self, function: Function, rules: Enforcement) -> Schema:
        is_given = function.parameters is not None
        strictly = bool(function.strict) and rules.strict_rules is StrictRules.ENFORCE
        return self._admission.get(
            function.parameters if is_given else ANY_OBJECT,
            name=function.name,
            formats=rules.formats,
            strictly=strictly and is_given,
            context=function.schema_context,
        )

    def with_functions(
        self, read: ReadRequest, custom: CustomTools, rules: Enforcement
    ) -> ReadRequest:
        """Return `read` with functions in place of its custom tools."""
        body = custom.as_functions(read.body)
        wanted = read_contract(body)
        tools = self.toolset(wanted.toolbox, rules, has_inputs=bool(read.inputs))
        return replace(read, contract=wanted, body=body, tools=tools)

    def as_document(self, read: ReadRequest, rules: Enforcement) -> ReadRequest:
        """Return `read` as a request for one document, which is calls or an answer."""
        box = read.contract.toolbox
        if box.callable and not box.callable & {each.name for each in box.functions}:
            raise BadRequest(_NO_FUNCTIONS, param="tools", code="unsupported_value")
        known = read.tools.schemas if read.tools else {}
        strict = {name: schema.source for name, schema in known.items() if schema is not None}
        loose = {}
        pending: list[Admit] = []
        for each in read.contract.toolbox.functions:
            if each.name not in strict and each.parameters is not None:
                try:
                    loose[each.name] = self._parameters(each, rules).source
                except AdmissionPending as more:
                    pending += more.questions
                except BadRequest:
                    continue
        if pending:
            raise AdmissionPending(pending)
        try:
            return self._document(read, rules, strict, loose)
        except BadRequest:  # together they are over a limit
            return self._document(read, rules, strict, {})

    def _document(
        self,
        read: ReadRequest,
        rules: Enforcement,
        strict: Mapping[str, Any],
        loose: Mapping[str, Any],
    ) -> ReadRequest:
        wanted, body, manual = prompted_tools.prompt_tools(read.contract, read.body, strict, loose)
        schema = self._admission.get(wanted.source, name=wanted.name, formats=rules.formats)
        left_out = unnamed_tools(read.body)
        about = (wanted, body, schema, None, read.inputs, read.origin)
        return ReadRequest(*about, left_out, manual)
