"""The sessions that every client holds: what the model is to do, and what must come of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.client_matrix.scripted import steps

CALL = {"call": "get_weather", "with": {"city": "Oslo"}}
OTHER = {"call": "get_weather", "with": {"city": "Ürümqi"}}
SAY = {"say": "It is sunny in Oslo."}
REPORT = {"sky": "sunny", "degrees": 21}
PROMPTS: dict[str, list[str]] = {
    "text": [steps(SAY)],
    "one call": [steps(CALL, SAY)],
    "two calls": [steps({"calls": [CALL, OTHER]}, SAY)],
    "call after call": [steps(CALL, OTHER, SAY)],
    "words and a call": [steps({"say": "Let me look.", **CALL}, SAY)],
    "thoughts": [steps({"think": "Hm, Oslo.", **CALL}, {"think": "So it is.", **SAY})],
    "two turns": [steps(CALL, {"say": "Sunny."}), steps(OTHER, SAY)],
    "document": [steps(CALL, {"document": REPORT})],
}
"""What the user says in each; the second, once the first is answered."""
_OSLO, _OTHER = {"city": "Oslo"}, {"city": "Ürümqi"}
_SAID = SAY["say"]
OUTCOMES: dict[str, Any] = {
    "text": {"called": [], "said": _SAID},
    "one call": {"called": [_OSLO], "said": _SAID},
    "two calls": {"called": [_OSLO, _OTHER], "said": _SAID},
    "call after call": {"called": [_OSLO, _OTHER], "said": _SAID},
    "words and a call": {"called": [_OSLO], "said": _SAID},
    "thoughts": {"called": [_OSLO], "said": _SAID},
    "two turns": {"called": [_OSLO, _OTHER], "said": _SAID},
    "document": {"called": [_OSLO], "said": REPORT},
}
"""Which arguments the client's function got, in order, and what was said last."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """What a client does by itself, whatever it is pointed at."""

    client: str
    ways: Sequence[str]
    cases: Sequence[str]
    raised: str | None = None
    words: str = ""
    """What the error must say."""
    said: str | None = None
    hosts: Sequence[str] = ()
    """Where; everywhere, if none is named."""
    why: str = ""


KNOWN = (
    Known(
        "@ai-sdk/openai (Node)",
        ["responses generateText", "responses streamText"],
        ["words and a call", "thoughts", "two turns"],
        raised="APICallError",
        words="[store]",
        hosts=["everything, not kept"],
        why="it refers to what was kept, and is told what to set where nothing is",
    ),
    Known(
        "pydantic-ai-slim",
        ["chat streamed", "responses streamed"],
        ["words and a call"],
        said="Let me look.",
        why="`run_stream` takes the first text for the answer",
    ),
    Known(
        "litellm",
        ["groq", "groq streamed"],
        ["document"],
        raised="BadRequestError",
        why="its groq route refuses tools beside a format for models it does not know",
    ),
    Known(
        "langchain-tests",
        ["chat"],
        ["test_double_messages_conversation"],
        raised="OpenAIInvalidRequestError",
        hosts=["particular"],
        why="it sends two system messages, which are passed on as they are",
    ),
    Known(
        "langchain-tests",
        ["chat"],
        ["test_structured_output_pydantic_2_v1"],
        raised="UnprocessableEntityError",
        hosts=["particular"],
        why="it sends `parallel_tool_calls`, which is passed on as it is",
    ),
    Known(
        "@ai-sdk/groq (Node)",
        ["groq generateText", "groq streamText"],
        ["document"],
        raised="APICallError",
        hosts=["particular"],
        why="from version 4 it sends `parallel_tool_calls`, which is passed on as it is",
    ),
)


def is_as_expected(row: Row) -> bool:
    """Whether a session came out right, or as its client always does."""
    value = row.get("value")
    right = OUTCOMES.get(row["case"], {})
    if isinstance(value, Mapping) and row["case"] == "two calls":  # some make them at once
        value = {**value, "called": sorted(value["called"], key=lambda each: str(each["city"]))}
    if value == right:
        return True
    if isinstance(value, Mapping) and value["called"] == right.get("called"):
        said = str(value["said"])
        if row["case"] == "words and a call" and said == "Let me look." + _SAID:
            return True  # some keep all that was said
        return any(said == each.said for each in _known(row))
    return any(
        each.raised and row.get("raised") == each.raised and each.words in row["message"]
        for each in _known(row)
    )


def _known(row: Row) -> list[Known]:
    return [
        each
        for each in KNOWN
        if row["client"] == each.client
        and row["case"] in each.cases
        and row["way"] in each.ways
        and (not each.hosts or row["host"] in each.hosts)
    ]


def table(rows: Iterable[Row], hosts: Sequence[str]) -> list[str]:
    """Return a row for each way: how many cases came out right, and which did not."""
    ways: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in rows:
        name = f"{row['client']} {row['version']}"
        ways.setdefault((name, row["way"]), {}).setdefault(row["host"], []).append(row)
    return [
        f"| client | way | {' | '.join(hosts)} |",
        "|---" * (len(hosts) + 2) + "|",
        *(
            f"| {client} | {way} | {' | '.join(_told(cells.get(host, [])) for host in hosts)} |"
            for (client, way), cells in ways.items()
        ),
    ]


def _told(rows: Sequence[Row]) -> str:
    tried = [row for row in rows if "skipped" not in row]
    if not tried:
        return "–"
    bad = [row["case"] for row in tried if not row["good"]]
    right = f"{len(tried) - len(bad)} of {len(tried)}"
    return right if not bad else f"{right}; not: {', '.join(bad)}"
