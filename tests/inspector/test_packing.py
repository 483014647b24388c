"""An entry that is over is kept as one piece, and comes out of it as it was."""

from dataclasses import MISSING, fields

import pytest

from strictgate.core.conversation.protocol import Outcome
from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, OriginRange
from strictgate.gateway.records import said_by
from strictgate.inspector.entries import Entry, KeptAsk
from strictgate.inspector.packing import ASKED, OpenEntry, PackedEntry
from tests.gates import MOOD, guarding_gate
from tests.inspector.views import listed


@pytest.mark.parametrize(
    "model", ["clean", "wrong-once", "wrong-enum", "no-json-schema+fenced", "truncates", "prose"]
)
@pytest.mark.parametrize("stream", [True, False])
def test_nothing_is_lost(demo, monkeypatch, model, stream):
    """Of whatever came."""
    seen = []
    begin = OpenEntry.__init__

    def note(self, *about):
        seen.append(self)
        begin(self, *about)

    monkeypatch.setattr(OpenEntry, "__init__", note)
    with guarding_gate(demo) as running:
        running.chat(model, MOOD, stream=stream)
        listed(running)
    [noted] = seen
    entry, kept = noted.entry(), noted.packed()

    assert isinstance(kept, PackedEntry)
    made = kept.entry()
    assert made.row() == entry.row()
    for each in fields(Entry):
        assert _plain(getattr(made, each.name)) == _plain(getattr(entry, each.name)), each.name


def _plain(value):
    return list(value) if isinstance(value, list | tuple) else value


def test_what_is_no_plain_value_is_kept_as_it_is():
    """It takes more memory, and is no error."""
    entry = OpenEntry(("req_1", 0.0, 0.0, "chat", "m", False, b"", 0), b"")
    entry.notes = ({"odd": object()},)

    assert entry.packed() is entry
    assert entry.entry().notes == entry.notes


def test_what_is_known_of_an_ask_at_first():
    """All that has no default: the rest is what comes of it."""
    assert [each.default is MISSING for each in fields(KeptAsk)] == [True] * ASKED + [False] * 8


def test_what_is_kept_is_counted():
    """Texts by the bytes that they take, and each part of a document that has an origin."""
    ranges = tuple(OriginRange(at, at + 1, ByteOrigin.MODEL) for at in range(100))
    choice = {"index": 0, "message": {"content": "\u00fc" * 1000}}
    outcome = Outcome({"choices": [choice]}, (), {}, {0: DocumentOrigins(ranges)})
    entry = OpenEntry(("req_1", 0.0, 0.0, "chat", "m", False, b"", 0), b"")
    before = entry.weight
    entry.concluded((), said_by(outcome))

    assert entry.weight - before > 1000 + 100 * 100
