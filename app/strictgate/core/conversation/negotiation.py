"""How the upstream is asked, as it turns out from what it refuses.

A refusal is no try: it changes how the same is asked for, or it is the answer. What it shows about
the model is noted, and is known once an ask that was made because of it has been accepted.

| refused                              | done                             | noted           |
|--------------------------------------|----------------------------------|-----------------|
| a field that can be done without     | the same mode without it         | that field      |
| a keyword of a judged function       | the same mode without it         | that keyword    |
| tools, or a function's schema else   | ToolsRefused: told in the prompt | (the gateway's) |
| custom tools                         | CustomToolsRefused: as functions | (the gateway's) |
| a keyword of the schema, by its name | the same mode without it         | that keyword    |
| this schema, for another reason      | once: in the plainest dialect    | that schema     |
| the format, or this schema again     | the next mode                    | the mode        |
| the same, in answer to the prompt    | the next mode that is not named  | the mode named  |
| the format in a stream               | the same mode, not streamed      | that pair       |
| the format beside tools              | the format is told in the prompt | that pair       |
| the format beside something else     | the next mode                    | nothing         |
| (a call that is required is missing) | as beside tools, at the next try | that pair       |
| messages without the word JSON       | the prompt has the instructions  | nothing         |
| the model's own text                 | it is judged like an answer      | nothing         |
| anything else                        | the error is the caller's answer | nothing         |
"""

from collections.abc import Collection, Sequence
from typing import Any

from strictgate.core.capabilities import Fact, Mode
from strictgate.core.conversation.attempt_log import AttemptLog, RefusedMode
from strictgate.core.conversation.protocol import Ask
from strictgate.core.conversation.reply_reader import upstream_error
from strictgate.core.errors import CustomToolsRefused, ToolsRefused
from strictgate.core.plan import prompt
from strictgate.core.plan.plan import Plan
from strictgate.core.plan.planner import Planner
from strictgate.core.request.custom_tools import has_custom_tools
from strictgate.core.schema.drafts import keywords_of
from strictgate.core.wire.error_body import error_of
from strictgate.core.wire.refusal import (
    Partner,
    Refusal,
    Refused,
    classify_refusal,
    refused_functions,
    refused_keywords,
    refuses_custom_tools,
    refuses_tools,
)
from strictgate.core.wire.reply import Failure, Reply, parse_reply

_MAX_REWRITTEN = 6  # times that one schema is put otherwise, each of which costs a refusal


class Negotiation:
    """The way in which one conversation asks at the moment."""

    def __init__(
        self,
        planner: Planner,
        refused: Collection[Mode],
        record: AttemptLog,
        modes: tuple[Mode, ...] = (),
        plan: Plan | None = None,
    ) -> None:
        """Begin with the best mode.

        Args:
            refused: modes that the upstream is known to refuse.
            record: where it is noted what refusals show.
            modes: those to take, in their order, where that is known.
            plan: how it is asked in the first of them, where that is known.
        """
        self.planner = planner
        self._refused = refused
        self.record = record
        self._modes = modes or planner.ladder(refused)
        self._rewritten = 0
        """How many times a refused schema was put otherwise."""
        self.plan = planner.plan(self._modes[0]) if plan is None else plan
        self._suspects_pair = False
        """The format may be what keeps the model from calling."""

    def turn_to_grammar(self) -> None:
        """Take the upstream's own grammar for the last try, where the free answer came first.

        It holds a model that writes nothing valid by itself. A mode that was refused stays so.
        """
        if self._is_free and Mode.NATIVE in self._modes:
            self.plan = self.planner.plan(Mode.NATIVE)

    def having_thought(self, text: str, tokens: int) -> None:
        """Ask with the model's thought before the question, from now on; "": there is none."""
        if not text:
            return
        self.planner = self.planner.having_thought(text, tokens)
        self.plan = self.planner.plan(self.plan.mode)

    def ask(self, feedback: Sequence[prompt.Message]) -> Ask:
        """Return the next ask for a whole answer; from the second on it is about one choice."""
        asked = self.record.answers if self.record.attempts else 0
        body = self.planner.follow_up(self.plan, feedback, asked) if asked else self.plan.body
        return Ask(self.plan, body)

    def separate_silent_pair(self) -> None:
        """Send tools and format apart, where the model has not called what it must call.

        The grammar that an engine makes of a format forbids every call, and the engine says nothing
        of that (vllm-project/vllm#39929, ollama/ollama#8095).
        """
        planner = self.planner
        is_pair = planner.contract.has_document and "response_format" in self.plan.body
        if is_pair and planner.contract.toolbox.must_call and planner.capabilities.json_with_tools:
            self._tell_format()
            self._suspects_pair = True

    def note_call(self) -> None:
        """Note that the model has called: if that came of sending the pair apart, it shows why."""
        if self._suspects_pair:
            self._suspects_pair = False
            self.record.proved(Fact.NO_JSON_WITH_TOOLS)

    def react(self, failure: Failure, ask: Ask) -> Reply | None:
        """Change how the upstream is asked, as its answer `failure` to `ask` demands.

        Returns:
            The model's text in the failure, as a reply that can be judged; None: ask anew.

        Raises:
            ToolsRefused: the functions must be told in the prompt.
            UpstreamError: there is no other way.
        """
        if self._does_without_field(failure, ask):
            return None
        contract = self.planner.contract
        if contract.has_tools and self._does_without_tools(failure, ask):
            return None
        refusal = classify_refusal(failure.status, failure.body, self._mode_in_question())
        match refusal.kind:
            case Refused.INVALID_OUTPUT:
                return _as_reply(refusal.failed_generation or "", "stop")
            case Refused.TRUNCATED_OUTPUT:
                return _as_reply("", "length")
            case Refused.CONFLICT:
                self._separate_pair(refusal, failure)
            case Refused.DIALECT if self._puts_otherwise(failure):
                pass
            case Refused.FORMAT | Refused.DIALECT if contract.has_document:
                self._leave_modes(refusal, failure)
            case Refused.JSON_WORD if contract.has_document:
                self._tell_instructions(failure)
            case _:
                raise upstream_error(failure)
        return None

    def _mode_in_question(self) -> Mode:
        """Return the mode in which a refusal is to be read.

        A refusal of the format may come in answer to a free question, too: from a proxy that adds
        one, or that knows which formats the model has. Where the free answer came first there are
        other modes to take, so it is read as the answer to the upstream's own format.
        """
        is_first_of_several = self._is_free and len(self._modes) > 1
        return Mode.NATIVE if is_first_of_several else self.plan.mode

    @property
    def _is_free(self) -> bool:
        """Whether it is asked for a free answer by preference, and not for want of a format."""
        return self.planner.capabilities.prompt_first and self.plan.mode is Mode.PROMPT

    def _does_without_field(self, failure: Failure, ask: Ask) -> bool:
        """Leave out the field that was refused, from now on; return whether there is one."""
        field = self.planner.refused_field(failure.status, failure.body, ask.body)
        if field is None:
            return False
        self.planner = self.planner.without(field)
        self.plan = self.planner.plan(self.plan.mode, stream=self.plan.streamed)
        self.record.found(Fact.NO_FIELD, field)
        return True

    def _does_without_tools(self, failure: Failure, ask: Ask) -> bool:
        """Leave out the keywords of functions that were refused by name, from now on; return
        whether there are such.

        Raises:
            ToolsRefused: the tools were refused, or what some functions take, for another reason.
        """
        status, body = failure.status, failure.body
        if has_custom_tools(ask.body) and refuses_custom_tools(status, body):
            error = upstream_error(failure)
            raise CustomToolsRefused(status, error.body()["error"], error.headers)
        names = [each.name for each in self.planner.contract.toolbox.functions]
        is_alone = "response_format" not in ask.body
        functions = refused_functions(status, body, names, alone=is_alone)
        if functions and self._puts_functions_otherwise(failure, functions):
            return True
        if functions or refuses_tools(status, body):
            error = upstream_error(failure)
            raise ToolsRefused(status, error.body()["error"], error.headers, functions)
        return False

    def _puts_functions_otherwise(self, failure: Failure, functions: Collection[str]) -> bool:
        """Put what these functions take without the keywords that the refusal names; return whether
        there is such a way: it is for those alone whose arguments are judged here."""
        judged = {} if self.planner.tools is None else self.planner.tools.schemas
        schemas = [schema for name, schema in judged.items() if schema and name in functions]
        used = {keyword for schema in schemas for keyword in keywords_of(schema.source)}
        return self._rewritten < _MAX_REWRITTEN and self._does_without_keywords(failure, used)

    def _does_without_keywords(self, failure: Failure, used: Collection[str]) -> bool:
        """Leave out those of the keywords in `used` that the refusal names; return whether there
        are such that are still sent."""
        known = self.planner.capabilities.refused_keywords
        keywords = sorted(refused_keywords(failure.body, {*used} - {*known}))
        if not keywords or not self._takes_plan(refused_keywords=(*known, *keywords)):
            return False
        for keyword in keywords:
            self.record.found(Fact.NO_KEYWORD, keyword)
        return True

    def _puts_otherwise(self, failure: Failure) -> bool:
        """Put the schema that was refused otherwise, in the same mode: without the keywords that
        the refusal names; else in the plainest dialect. Return whether there is such a way."""
        able, schema, mode = self.planner.capabilities, self.plan.schema, self.plan.mode
        if schema is None or self._rewritten >= _MAX_REWRITTEN:
            return False
        if self._does_without_keywords(failure, keywords_of(schema.source)):
            return True
        is_plain = mode in able.plain_modes
        if not is_plain and self._takes_plan(plain_modes=(*able.plain_modes, mode)):
            self.record.found(Fact.PLAIN_FOR_SCHEMA, mode, self.planner.schema.text)
            return True
        return False

    def _takes_plan(self, **changes: Any) -> bool:
        """Plan the same mode with other capabilities; return whether another schema comes of it."""
        planner = self.planner.having(**changes)
        if not planner.expresses(self.plan.mode):
            return False
        plan = planner.plan(self.plan.mode, stream=self.plan.streamed)
        if plan.body == self.plan.body:
            return False
        self.planner, self.plan = planner, plan
        self._rewritten += 1
        return True

    def _leave_modes(self, refusal: Refusal, failure: Failure) -> None:
        """Take the next mode, and note those that are refused, for all schemas or for this one.

        The prompt is left where the answer to it was such a refusal, but has no format to refuse.
        """
        reason = str(error_of(failure.status, failure.body).get("message") or "")
        modes = {*refusal.modes, self.plan.mode}
        for_schema = refusal.kind is Refused.DIALECT
        self.record.disproved(Fact.NO_KEYWORD, Fact.PLAIN_FOR_SCHEMA)
        self.record.refused_modes += [
            RefusedMode(mode, for_schema, reason, refusal.pattern)
            for mode in sorted(modes - {Mode.PROMPT})
        ]
        self._take_next_mode(modes, failure)

    def _separate_pair(self, refusal: Refusal, failure: Failure) -> None:
        """Ask for the format without what it was refused with.

        A pair with tools or with a stream is noted; of any other, only this request is known to
        be one.
        """
        able, partners = self.planner.capabilities, refusal.partners
        has_tools = self.planner.contract.has_tools
        if Partner.STREAM in partners and self.plan.streamed and able.json_with_stream:
            self.planner = self.planner.having(json_with_stream=False)
            self.plan = self.planner.plan(self.plan.mode, stream=False)
            self.record.found(Fact.NO_JSON_WITH_STREAM)
        elif Partner.TOOLS in partners and has_tools and able.json_with_tools:
            self._tell_format()
            self.record.found(Fact.NO_JSON_WITH_TOOLS)
        elif self.planner.contract.has_document:
            self._take_next_mode({self.plan.mode}, failure)
        else:
            raise upstream_error(failure)

    def _tell_format(self) -> None:
        """Send the tools as they are, and tell the format in the prompt."""
        self.planner = self.planner.having(json_with_tools=False)
        self._modes = self.planner.ladder(self._refused)
        self.plan = self.planner.plan(self._modes[0])

    def _tell_instructions(self, failure: Failure) -> None:
        """Put the instructions, which have the word JSON, into the prompt."""
        plan = self.planner.plan(self.plan.mode, stream=self.plan.streamed, remind=True)
        if plan.body == self.plan.body:
            raise upstream_error(failure)
        self.plan = plan

    def _take_next_mode(self, refused: Collection[Mode], failure: Failure) -> None:
        self._modes = tuple(mode for mode in self._modes if mode not in refused)
        if not self._modes:
            raise upstream_error(failure)
        self.plan = self.planner.plan(self._modes[0])


def _as_reply(text: str, finish_reason: str) -> Reply:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
    return parse_reply({"object": "chat.completion", "choices": [choice]})
