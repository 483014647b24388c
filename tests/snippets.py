"""The code blocks of README and docs, each with the page and the line that it stands at.

A comment before a block, `<!-- not run: why -->`, says that it cannot be run here: it is of another
program, or needs packages that are not installed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "examples" / "README.md",
    *sorted(ROOT.glob("docs/**/*.md")),
]
_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<why>.+?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Snippet:
    page: str
    line: int
    language: str
    """As the block is marked; empty: output, or a drawing."""
    text: str
    why_not: str
    """Why it is not run; empty: it is."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def snippets(*languages: str) -> Iterator[Snippet]:
    """Yield the blocks in these languages, the ones that are not run too."""
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for match in _BLOCK.finditer(text):
            if match["language"] in languages:
                line = text.count("\n", 0, match.start("text"))
                page = path.relative_to(ROOT).as_posix()
                yield Snippet(page, line, match["language"], match["text"], match["why"] or "")
