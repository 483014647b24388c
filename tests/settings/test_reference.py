"""The page of the configuration says what the settings are."""

import tomllib
from importlib import resources

from strictgate.core.request.options import PROMPT_TEMPLATE
from tests.settings.reference import PAGE, page


def test_the_page_is_current():
    """`make reference` would change nothing."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_field_of_the_example_is_there():
    """The example, which has every field, is another list of them."""
    example = resources.files("strictgate").joinpath("config.example.toml").read_text()
    written = page()
    for name, table in tomllib.loads(example).items():
        named = name in ("upstreams", "models", "keys", "prices")
        tables = table.values() if named else [table if isinstance(table, dict) else {name: table}]
        for fields in tables:
            for field in fields:
                assert f"\n| `{field}` |" in written, (name, field)


def test_what_is_said_of_the_template():
    """It is not printed; the lines are counted by hand."""
    assert len(PROMPT_TEMPLATE.splitlines()) == 5
