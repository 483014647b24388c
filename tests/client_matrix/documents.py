"""Requests for one document: what must hold for each row, and how it is told in docs/clients.md."""

from collections.abc import Iterable
from typing import Any

from tests.client_matrix.shared import CASES

VALID = ({"choice": "angry"}, {"choice": "calm"})
GOOD = ("right answer", "invalid once")
UNENFORCED = {  # the client sends no schema that could be kept
    ("instructor", "MD_JSON"),
    ("langchain-openai", "json_mode"),
    ("pydantic-ai-slim", "prompted"),
}
CHECKS_ITSELF = UNENFORCED | {("instructor", "JSON")}  # sends json_object; its own check judges
OURS = (  # how Strictgate's own errors begin; another 400, or a 500, is not what was promised
    "Generated JSON does not match the expected schema",
    "Failed to validate JSON",
    "Tool call validation failed",
    "Failed to parse tool call arguments",
)
OWN_CHECK = {"IncompleteOutputException", "InstructorRetryException", "OutputParserException"}
OWN_CHECK |= {"UnexpectedModelBehavior"}
REFUSED = {  # what clients without a notion of a refusal make of one, and what the others do
    *("ContentFilterError", "InstructorRetryException", "JSONDecodeError", "ModelRefusalError"),
    *("NoObjectGeneratedError", "OpenAIRefusalError", "ToolChoiceViolationError"),
}
Row = dict[str, Any]


def is_as_promised(row: Row) -> bool:
    """Whether the row keeps the promise: a success is valid, anything else is the error meant."""
    way, raised, value = (row["client"], row["way"]), row.get("raised"), row.get("value")
    if row["case"] in GOOD:
        return value in VALID or (way in UNENFORCED and raised in OWN_CHECK)
    if row["case"] == "refusal":
        return raised in REFUSED if raised else isinstance(value, dict) and "refusal" in value
    if way in CHECKS_ITSELF and raised in OWN_CHECK:
        return True
    return bool(raised) and any(each in row["message"] for each in OURS)


def table(rows: Iterable[Row]) -> list[str]:
    """Return the rows as they stand in docs/clients.md, less that equal ways are one there."""
    ways: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        ways.setdefault((f"{row['client']} {row['version']}", row["way"]), {})[row["case"]] = _told(
            row
        )
    return [
        f"| client | way | {' | '.join(CASES)} |",
        "|---" * (len(CASES) + 2) + "|",
        *(
            f"| {client} | {way} | {' | '.join(cells.get(case, '') for case in CASES)} |"
            for (client, way), cells in ways.items()
        ),
    ]


def _told(row: Row) -> str:
    if "raised" not in row:
        return "refusal" if "refusal" in (row["value"] or {}) else "the document"
    cause = f" from `{row['cause']}`" if row.get("cause") else ""
    return f"`{row['raised']}`{cause}"
