"""What a model is asked, as questions.toml says, and what that may cost at most."""

import tomllib
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from importlib import resources
from typing import Any

from strictgate.core.capabilities import MaxTokens, Mode, Prefill
from strictgate.core.jsontext.reader import parse_json, write_json
from strictgate.core.request.options import PROMPT_TEMPLATE
from strictgate.core.schema.schema import Schema, admit
from strictgate.core.value_type import value_type

MAX_CALLS = 60
"""How many requests one probe sends at most, repetitions included."""
PREFIX = '{ "city" :\n"Par'
"""What is put into the model's mouth where it is asked to go on from a prefix; spaced as no model
writes by itself, since some hosts give the prefix back at the head of the answer (llama.cpp)."""
FUNCTION = "answer"
_MARKS: Mapping[Prefill, str] = {Prefill.PARTIAL: "partial", Prefill.PREFIX: "prefix"}


class Check(StrEnum):
    """What a right answer to a question is."""

    TEXT = "text"
    """Anything that is not empty."""
    DOCUMENT = "document"
    """A document that is valid against the schema, and nothing around it."""
    TWO_CHOICES = "two_choices"
    """Two choices that both hold such a document."""
    OBJECT = "object"
    """A JSON object."""
    CALL = "call"
    """A call of the function, with arguments that are valid."""
    TWO_CALLS = "two_calls"
    """Two such calls."""
    LOGPROBS = "logprobs"
    """Log-probabilities with more than one alternative of a token."""
    CONTINUES = "continues"
    """What can stand behind the prefix."""


class Shows(StrEnum):
    """What of the capabilities a question decides on."""

    NOTHING = ""
    MODE = "mode"
    DIALECT = "dialect"
    PREFILL = "prefill"
    TOP_LOGPROBS = "top_logprobs"


@value_type
class Question:
    """One question; the fields are explained at the head of questions.toml."""

    name: str
    about: str
    via: Mode
    check: Check
    prompt: str
    schema: Schema | None = None
    times: int = 1
    shows: Shows = Shows.NOTHING
    prefix: Prefill = Prefill.NONE
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def choices(self) -> int:
        """How many answers come of one request."""
        return int(self.fields.get("n", 1))

    def body(self, model: str, budget: int, budget_field: MaxTokens) -> dict[str, Any]:
        """Return the chat completion that is asked for.

        Args:
            budget: tokens of each answer at most.
            budget_field: the name that the upstream has for that.
        """
        name = MaxTokens.NEW if budget_field is MaxTokens.NEW else MaxTokens.OLD
        further = {key: value for key, value in self.fields.items() if key != "strict"}
        return {"model": model, "messages": self._messages(), name.value: budget} | (
            self._asked() | further
        )

    def _messages(self) -> list[dict[str, Any]]:
        prompt = self.prompt
        if self.schema is not None and self.via in (Mode.JSON_OBJECT, Mode.PROMPT):
            prompt += "\n\n" + PROMPT_TEMPLATE.replace("{schema}", self.schema.text)
        messages: list[dict[str, Any]] = [{"role": "user", "content": prompt}]
        if self.prefix is not Prefill.NONE:
            mark = _MARKS.get(self.prefix)
            messages.append(
                {"role": "assistant", "content": PREFIX} | ({mark: True} if mark else {})
            )
        return messages

    def _asked(self) -> dict[str, Any]:
        source = self.schema.source if self.schema is not None else {}
        match self.via:
            case Mode.NATIVE:
                inner = {"name": FUNCTION, "strict": True, "schema": source}
                return {"response_format": {"type": "json_schema", "json_schema": inner}}
            case Mode.JSON_OBJECT:
                return {"response_format": {"type": "json_object"}}
            case Mode.TOOL:
                function: dict[str, Any] = {"name": FUNCTION, "description": "Takes the answer."}
                function |= {"parameters": source}
                function |= {"strict": True} if self.fields.get("strict") else {}
                return {
                    "tools": [{"type": "function", "function": function}],
                    "tool_choice": {"type": "function", "function": {"name": FUNCTION}},
                }
            case Mode.PROMPT if self.prefix is Prefill.CONTINUE_FINAL:
                return {"continue_final_message": True, "add_generation_prompt": False}
            case Mode.PROMPT:
                return {}


@value_type
class CostBound:
    """What a probe costs at most."""

    calls: int
    tokens_in: int
    """Bytes of the requests: a token has one at least."""
    tokens_out: int


def cost_bound(questions: tuple[Question, ...], budget: int) -> CostBound:
    """Return what these questions cost at most, repetitions up to MAX_CALLS included.

    Args:
        budget: tokens of each answer at most.
    """
    sizes = [len(write_json(each.body("", budget, MaxTokens.OLD)).encode()) for each in questions]
    spare = MAX_CALLS - sum(each.times for each in questions)
    most = max(each.choices for each in questions)
    asked = sum(each.times * size for each, size in zip(questions, sizes, strict=True))
    answers = sum(each.times * each.choices for each in questions)
    return CostBound(MAX_CALLS, asked + spare * max(sizes), (answers + spare * most) * budget)


def _questions() -> tuple[Question, ...]:
    text = resources.files(__package__).joinpath("questions.toml").read_text("utf-8")
    table = tomllib.loads(text)
    schemas = {
        name: admit(parse_json(source), name=name) for name, source in table["schemas"].items()
    }
    return tuple(_question(name, row, schemas) for name, row in table["questions"].items())


def _question(name: str, row: Mapping[str, Any], schemas: Mapping[str, Schema]) -> Question:
    return Question(
        name=name,
        about=row["about"],
        via=Mode(row["via"]),
        check=Check(row["check"]),
        prompt=row["prompt"],
        schema=schemas[row["schema"]] if "schema" in row else None,
        times=row.get("times", 1),
        shows=Shows(row.get("shows", "")),
        prefix=Prefill(row.get("prefix", "none")),
        fields=parse_json(row.get("fields", "{}")),
    )


QUESTIONS = _questions()
"""All of them, in the order in which they are asked."""
