"""An entry that is over is kept as one piece, and comes out of it as it was."""

from dataclasses import fields

import pytest

from strictgate.inspector.entries import Entry
from strictgate.inspector.packing import PackedEntry, packed
from strictgate.inspector.recorder import Inspector
from tests.gates import MOOD, guarding_gate
from tests.inspector.views import listed


@pytest.mark.parametrize(
    "model", ["clean", "wrong-once", "wrong-enum", "no-json-schema+fenced", "truncates", "prose"]
)
@pytest.mark.parametrize("stream", [True, False])
def test_nothing_is_lost(demo, monkeypatch, model, stream):
    """Of whatever came."""
    seen = []
    finish = Inspector._finish

    def note(self, event):
        entry = self._open.get(event.request_id)
        finish(self, event)
        if entry is not None:
            seen.append((entry, self._ring[entry.id]))

    monkeypatch.setattr(Inspector, "_finish", note)
    with guarding_gate(demo) as running:
        running.chat(model, MOOD, stream=stream)
        listed(running)
    [(entry, kept)] = seen

    assert isinstance(kept, PackedEntry)
    made = kept.entry()
    assert made.row() == entry.row()
    for each in fields(Entry):
        if each.name == "finished":  # the rest of it is the log's
            continue
        assert _plain(getattr(made, each.name)) == _plain(getattr(entry, each.name)), each.name


def _plain(value):
    return list(value) if isinstance(value, list | tuple) else value


def test_what_is_no_plain_value_is_kept_as_it_is():
    """It takes more memory, and is no error."""
    entry = Entry("req_1", 0.0, 0.0, notes=({"odd": object()},))

    assert packed(entry) is entry
