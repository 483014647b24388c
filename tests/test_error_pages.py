"""docs/errors: one page for each code that the gateway itself answers with, and no other."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "errors"
_CODES = re.compile(
    r"""\bcode(?::\ str\ \|\ None)?\ =\ "(\w+)"      # of a class
      | \bcode="(\w+)"                              # of one error
      | \bcode\ =\ \d+,\ "\w+",\ "(\w+)"            # of a class, with status and type
      | status,\ code\ =\ \d+,\ "(\w+)"
      | (?:SchemaFault|_fault)\((?:[^()]|\([^()]*\))*,\ "(\w+)"\)""",
    re.VERBOSE,
)


def answered() -> set[str]:
    """Every code in the package but for its demonstration upstream, which speaks as others do."""
    found: set[str] = set()
    for path in (ROOT / "app" / "strictgate").rglob("*.py"):
        if "demo" not in path.parts:
            matches = _CODES.findall(path.read_text(encoding="utf-8"))
            found |= {code for match in matches for code in match if code}
    return found - {"invalid_request_error"}  # the upstream's type in place of a code


def pages() -> set[str]:
    return {path.stem for path in PAGES.glob("*.md")} - {"README"}


def test_every_code_has_a_page():
    """And none is left of a code that is not there any more."""
    assert answered() == pages()


def test_every_page_is_listed():
    """Once, with its status."""
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    for code in pages():
        assert index.count(f"({code}.md)") == 1, code


@pytest.mark.parametrize("code", sorted(pages()))
def test_a_page_says_what_to_do(code):
    """Its status, its cause, its cure."""
    text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {code}\n\nStatus ")
    assert "## Cause\n\n" in text
    assert "## Cure\n\n" in text
