"""What every script of the matrix has in common: the cases, and how a result is told."""

import importlib.metadata
import json
import sys
from typing import Literal

from pydantic import BaseModel, ConfigDict

CASES = {
    "right answer": ("demo/no-json-schema", {}),
    "invalid once": ("demo/wrong-once", {}),
    "invalid for ever": ("demo/wrong-enum", {}),
    "refusal": ("demo/refuses", {}),
    "truncation": ("demo/clean", {"max_tokens": 2}),
}
SCHEMA = {
    "type": "object",
    "properties": {"choice": {"type": "string", "enum": ["angry", "calm"]}},
    "required": ["choice"],
    "additionalProperties": False,
}


class Mood(BaseModel):
    model_config = ConfigDict(extra="forbid")
    choice: Literal["angry", "calm"]


def check(message):
    """Return what a message holds: a call's arguments, a refusal, a document."""
    if message.tool_calls:
        return json.loads(message.tool_calls[0].function.arguments)
    refusal = getattr(message, "refusal", None) or (message.model_extra or {}).get("refusal")
    return {"refusal": refusal} if refusal else json.loads(message.content)


def result_of(way, model, more):
    try:
        value = way(model, **more)
    except Exception as error:  # every one of them is what the matrix is about
        cause = error.__cause__ or error.__context__
        return {
            "raised": type(error).__name__,
            "cause": type(cause).__name__ if cause else None,
            "message": str(error)[:2000],
        }
    return {"value": value.model_dump() if isinstance(value, BaseModel) else value}


def main(ways):
    """Try every way of the clients that are named as arguments, in every case; print the rows."""
    for client in sys.argv[1:]:
        version = importlib.metadata.version(client)
        for way in ways[client]:
            for case, (model, more) in CASES.items():
                row = {"client": client, "version": version, "way": way.__name__, "case": case}
                print(json.dumps(row | result_of(way, model, more)), flush=True)
