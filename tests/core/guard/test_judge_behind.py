"""What the text behind a document makes of it."""

from typing import Any

import pytest

from strictgate.core.guard.judge_behind import Behind, judge_behind
from strictgate.core.repair_steps import Step, SyntaxRepair
from strictgate.core.schema.schema import admit
from tests.core.guards import draft
from tests.tables import cases, label


@pytest.mark.parametrize(("group", "test"), cases("behind"), ids=label)
def test_what_stands_behind(group: dict[str, Any], test: dict[str, Any]):
    """A table of texts behind a document."""
    schema = group["schema"]
    document = draft(schema, group["document"])
    document.wrapper = group.get("wrapper", "").encode()
    behind = test["behind"].encode()
    came = judge_behind(
        document, admit(schema, name="s"), behind, wrapped=group.get("wrapped", False)
    )
    assert came.value == test["is"]


def test_a_doubled_brace_is_closed():
    """The brace that closes the other one is no text, and a third is."""
    document = draft(True, '{"a": 1}')
    document.steps.append(Step(SyntaxRepair.DOUBLED_BRACE))
    schema = admit(True, name="s")
    assert judge_behind(document, schema, b" }\n", wrapped=False) is Behind.NOTHING
    assert judge_behind(document, schema, b" }}", wrapped=False) is Behind.TALK


def test_half_a_character():
    """Where the text is cut in a character, that one is left out."""
    schema = admit(True, name="s")
    behind = "\n\u00e9".encode()[:-1]
    assert judge_behind(draft(True, "[1]"), schema, behind, wrapped=False) is Behind.NOTHING
