"""Whether a document says only what a text says."""

import pytest

from strictgate.core.output.grounding import Source

TEXT = (
    "The customer, Ann Müller (no. 0042), paid 1,234.50 EUR on 2026-05-03 - she was ANGRY; 1,5 kg."
)
TEXT += r' "Zo\u00eb says\nhi \ud83d\ude00"'
SCHEMA = '{"properties":{"name":{},"mood":{"enum":["calm","very angry"]},"tags":{},"n":{}}}'


@pytest.mark.parametrize(
    ("document", "beyond"),
    [
        ({"name": "Ann Müller", "mood": "very angry"}, []),
        ({"name": "ann  MÜLLER,"}, []),
        ({"name": "Bob Müller"}, [("name",)]),
        ({"n": 1234.5}, []),
        ({"n": -1234.50}, []),
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
    ],
)
def test_beyond(document, beyond):
    """Strings word by word, numbers by their value; the schema's own words may stand anywhere."""
    assert list(Source.of(TEXT, SCHEMA).beyond(document)) == beyond
