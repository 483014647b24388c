"""Guards, drafts and readings for tests."""

from strictgate.core.guard.document_stream import DocumentStream
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import admit
from tests.core.talks import machine

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "mood": {"enum": ["angry", "calm"]},
        "notes": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
    },
    "required": ["name", "age", "mood"],
    "additionalProperties": False,
}


def guard(schema=PERSON, text="", *, grammar=True):
    """A guard that has taken in all of `text`."""
    admitted = admit(schema, name="s")
    made = Guard(admitted, machine(schema) if grammar else None)
    data = text.encode()
    assert made.consume(data) == len(data), made.text
    return made


def draft(schema=PERSON, text="", level=Repair.LOSSLESS, *, grammar=True):
    """A draft that holds `text`."""
    made = PartialDocument(lambda: guard(schema, grammar=grammar), level)
    made.guard.consume(text.encode())
    return made


def reading(
    onto=None, level=Repair.LOSSLESS, *, wrapped=False, bare=False, aligner=None, leads=True
):
    """A reading into a new draft, or into `onto`."""
    onto = draft(level=level) if onto is None else onto
    made = DocumentStream(onto, level, wrapped=wrapped, bare=bare, aligner=aligner)
    made.leads_names = leads
    return made
