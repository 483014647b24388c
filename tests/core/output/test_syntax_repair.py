"""The spelling of JSON, by table, and what must hold for every text."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from strictgate.core.jsontext.reader import MAX_DEPTH, NotJSON, parse_json
from strictgate.core.output.syntax_repair import SyntaxRepaired, repair_syntax
from strictgate.core.repair_steps import Step
from tests.core.guard.test_judge_text import dumps, values
from tests.tables import cases, label

pieces = st.lists(st.sampled_from([*"{}[]:,\"'`\\\n 1+.#ax", "True", "//", "/*", "*/", "“", "”"]))


@pytest.mark.parametrize(("group", "test"), cases("repair/syntax"), ids=label)
def test_table(group: dict[str, Any], test: dict[str, Any]):
    """Text and steps are those of the table; what has two readings is refused."""
    if "rejected" in test:
        with pytest.raises(NotJSON):
            parse_json(repair_syntax(test["text"]).text)
    else:
        steps = {Step(name) for name in test["steps"]}
        respelt = repair_syntax(test["text"])
        assert (respelt.text, set(respelt.steps)) == (test["document"], steps)


@given(values, dumps)
def test_json_stays_as_it_is(value: Any, dump: Any):
    """Strict JSON is not touched."""
    assert repair_syntax(dump(value)) == SyntaxRepaired(dump(value).strip(), ())


@given(values)
def test_python_is_read(value: Any):
    """What Python's repr writes of a value is read as that value."""
    text = repr(value)
    assume("\\x" not in text and "\\U" not in text)
    assert json.dumps(parse_json(repair_syntax(text).text)) == json.dumps(value)


@given(pieces.map("".join))
def test_nothing_but_not_json_is_raised(text: str):
    """What comes out is strict JSON, save for what only `parse_json` refuses."""
    with suppress(NotJSON):
        json.loads(repair_syntax(text).text)


@given(pieces.map("".join).filter(lambda text: not set("/#") & set(text)), st.data())
def test_open_stays_open(text: str, data: st.DataObject):
    """No prefix of an array is respelt, if no comment stands behind the array."""
    try:
        repair_syntax(f"[{text}]")
    except NotJSON:
        return
    cut = data.draw(st.integers(0, len(text)))
    with pytest.raises(NotJSON):
        repair_syntax(f"[{text}]"[: cut + 1])


def test_depth():
    """Depth is bounded as in strict JSON."""
    assert repair_syntax("[" * MAX_DEPTH + "]" * MAX_DEPTH).steps == ()
    with pytest.raises(NotJSON, match="deeper"):
        repair_syntax("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
