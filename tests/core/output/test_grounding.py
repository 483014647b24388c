"""Whether a document says only what a text says."""

import pytest

from strictgate.core.output.grounding import Source

TEXT = (
    "The customer, Ann Müller (no. 0042), paid 1,234.50 EUR on 2026-05-03 - she was ANGRY; 1,5 kg."
)
TEXT += ' It fell by −55 °C (minus 6 on Monday), 10 minus 4; -€8, {"n":-9.5}, 11-12, a-13.'
TEXT += r' "Zo\u00eb says\nhi \ud83d\ude00"'
TEXT += " order 9007199254740992, pi 3.14159265358979323846, 8.02e23, 7e99999999999999999999"
TOLD = {"description": "such as John", "examples": ["Jane"], "default": "Peter", "minimum": 18}
SCHEMA = {
    "title": "Paul",
    "properties": {
        "name": TOLD,
        "mood": {"enum": ["calm", "very angry"]},
        "tags": {"items": {"const": 365}, "contains": {"const": -366}},
        "n": {"pattern": "^George$"},
    },
}


@pytest.mark.parametrize(
    ("document", "beyond"),
    [
        ({"name": "Ann Müller", "mood": "very angry"}, []),
        ({"name": "ann  MÜLLER,"}, []),
        ({"name": "Bob Müller"}, [("name",)]),
        ({"n": 1234.5}, []),
        ({"n": -1234.50}, [("n",)]),
        *(({"n": each}, []) for each in (-55, -6, 4, -8, -9.5, 11, 12, 13, -0.0 + 42)),
        *(({"n": each}, [("n",)]) for each in (55, 6, -4, 8, 9.5, -11, -12, -13, -42)),
        *(({"n": each}, []) for each in ("-55 °C", "by −55", "minus 6", "€", "4", "-9.5", "11-12")),
        *(({"n": each}, [("n",)]) for each in ("55 °C", "6", "-4", "$", "😂", "9.5", "-12", "5 %")),
        ({"n": 1.5}, []),
        ({"n": 15}, []),
        ({"n": 42}, []),
        ({"n": 7}, [("n",)]),
        ({"n": "2026-05-03"}, []),
        ({"n": "2026-06-03"}, [("n",)]),
        ({"tags": ["angry", "sad", True, None, ""]}, [("tags", 1)]),
        ({"invented": 42}, [("invented",)]),
        (10**400, [()]),
        ({"name": "Zoë says hi 😀"}, []),
        ({"n": 365}, []),
        ({"n": -365}, [("n",)]),
        ({"n": -366}, []),
        ({"n": 18}, [("n",)]),
        *(
            ({"n": each}, [("n",)])
            for each in ("John", "Jane", "Peter", "Paul", "George", "string")
        ),
        ({"n": 9007199254740992}, []),
        ({"n": 9007199254740993}, [("n",)]),
        ({"n": 9007199254740992.0}, []),
        ({"n": 3.14159265358979323846}, []),
        ({"n": 3.14159265358979}, [("n",)]),
        ({"n": 802000000000000000000000}, []),
    ],
)
def test_beyond(document, beyond):
    """Strings word by word, numbers by their value; the schema's own words may stand anywhere,
    but not what it tells about them."""
    assert list(Source(TEXT, SCHEMA).beyond(document)) == beyond
