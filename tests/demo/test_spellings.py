"""JSON that is not JSON, and what stands around it."""

from collections.abc import Callable

import pytest

from strictgate.demo import spellings

DOCUMENT = '{"a":[1,true,null],"it\'s":"say \\"x\\""}'


@pytest.mark.parametrize(
    ("spell", "text", "spelt"),
    [
        (spellings.trailing_comma, "[1]", "[1,]"),
        (spellings.trailing_comma, "{}", "{}"),
        (spellings.trailing_comma, '"x"', '"x"'),
        (spellings.python_literals, '["true",true,null]', '["true",True,None]'),
        (spellings.single_quotes, DOCUMENT, "{'a':[1,true,null],'it\\'s':'say \"x\"'}"),
        (spellings.comments, "[1]", "[ // the answer\n1 /* that is all */ ]"),
        (spellings.comments, "1", "// the answer\n1"),
        (spellings.duplicate_key, '{"a":{"b":1}}', '{"a":null,"a":{"b":1}}'),
        (spellings.duplicate_key, "[]", "[]"),
        (spellings.nan, '["1",-2.5e3,4]', '["1",NaN,4]'),
        (spellings.nan, '{"a":"x","b":true}', '{"a":NaN,"b":true}'),
        (spellings.nan, "{}", "{}"),
        (spellings.fenced, "{}", "```json\n{}\n```"),
        (spellings.several_objects, "{}", '{"draft": true}\n{}'),
    ],
)
def test_spelling(spell: Callable[[str], str], text: str, spelt: str):
    """Strings are left alone but for what the spelling is about."""
    assert spell(text) == spelt


@pytest.mark.parametrize("place", [spellings.fenced, spellings.prose, spellings.thinks])
def test_the_document_stands_in_it_unchanged(place: Callable[[str], str]):
    """Once, with something before it."""
    before, _, after = place(DOCUMENT).partition(DOCUMENT)
    assert before
    assert DOCUMENT not in after


@pytest.mark.parametrize("text", ["{}", "[]", '""', "0", DOCUMENT])
def test_no_spelling_fails(text: str):
    """Whatever the document is."""
    for name, spell in vars(spellings).items():
        if callable(spell) and getattr(spell, "__module__", "") == spellings.__name__:
            assert isinstance(spell(text), str), name
