"""What the documentation mentions exists: paths, names in the code, tests, links, targets of make.

Looked at is what stands in backquotes, in code blocks only the targets of make. A path is relative
to the repository, or to the package (`core/guard/guard.py`). A dotted name begins with a room of
the package (`core.guard.guard.Guard`); a test is named as pytest does (`tests/x.py::test_y`).
"""

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APP = ROOT / "app" / "strictgate"
PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md")))
]
ROOMS = {path.stem for path in APP.iterdir() if not path.name.startswith("__")}
MADE = {".venv", ".corpora", "config.toml", "schema.json", "request.json", "compose.yaml"}
"""What a reader has, or makes; it is not in the repository."""
PREFIXES = {"groq/", "openai/", "demo/"}
"""Beginnings of the names of models."""
OURS = "https://github.com/strictgate/strictgate/blob/main/"
"""How a page that is also shown elsewhere links to a file of the repository."""
_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_TARGET = re.compile(r"\bmake ([a-z][a-z-]+)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_TEST = re.compile(r"(?P<path>tests/[\w/]+\.py)::(?P<name>\w+)")
_PATH = re.compile(
    r"[\w.*][\w.*/-]*(?:/|\.(?:py|md|mjs|json|jsonl|toml|ya?ml|lock|txt|sh))|\.ci/run|Makefile"
)
_NAME = re.compile(r"(?:strictgate\.)?(\w+)(?:\.\w+)+(?:\(\))?")


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def mentioned(page: str) -> Iterator[str]:
    """Every piece of inline code, one word at a time."""
    for code in _CODE.findall(_BLOCK.sub("", text_of(page))):
        yield from code.split()


def exists(path: str) -> bool:
    """Whether there is such a file or folder; with a `*`, at least one."""
    if path.split("/")[0] in MADE:
        return True
    places = (ROOT, APP)
    if "*" in path:
        return any(next(place.glob(path), None) for place in places)
    return any((place / path).exists() for place in places)


@cache
def functions(path: str) -> set[str]:
    """The functions in a test file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def is_named(name: str) -> bool:
    """Whether the package has something of this dotted name."""
    parts = name.removesuffix("()").removeprefix("strictgate.").split(".")
    for split in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(["strictgate", *parts[:split]]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[split:]:
            names = getattr(found, "__dataclass_fields__", {})
            if not hasattr(found, attribute) and attribute not in names:
                return False
            found = getattr(found, attribute, None)
        return True
    return False


@cache
def headings(page: str) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", _BLOCK.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page):
    """Files and folders; of a test, the function too."""
    for word in mentioned(page):
        if test := _TEST.fullmatch(word):
            assert exists(test["path"]), word
            assert test["name"] in functions(test["path"]), word
        elif _PATH.fullmatch(word) and word not in PREFIXES:
            assert exists(word), word


@pytest.mark.parametrize("page", PAGES)
def test_names_exist(page):
    """Dotted ones that begin with the package, or with a room of it."""
    for word in mentioned(page):
        name = _NAME.fullmatch(word)
        if name and not _PATH.fullmatch(word) and (name[1] in ROOMS or word.startswith("strictg")):
            assert is_named(word), word


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    """To a file, and to a heading of it."""
    for link in _LINK.findall(text_of(page)):
        folder = (ROOT / page).parent
        if link.startswith(OURS):
            folder, link = ROOT, link.removeprefix(OURS)
        elif re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = folder / path if path else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in headings(target.resolve().relative_to(ROOT).as_posix()), link


def test_the_pages_of_the_site_exist():
    """Those that mkdocs.yml puts into its navigation."""
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    named = {f"docs/{path}" for path in re.findall(r"[\w/-]+\.md", nav)}
    assert named
    assert named <= {*PAGES}


@pytest.mark.parametrize("page", PAGES)
def test_targets_exist(page):
    """Those of make, in code blocks too."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    code = " ".join([*_CODE.findall(text_of(page)), *_BLOCK.findall(text_of(page))])
    assert set(_TARGET.findall(code)) <= targets


@pytest.mark.parametrize(
    ("word", "is_there"),
    [
        ("core.guard.guard.Guard.consume", True),
        ("strictgate.core.capabilities.Capabilities.drop", True),
        ("core.guard.guard.Guard.consumed", False),
        ("core.nothing", False),
    ],
)
def test_names_are_told_apart(word, is_there):
    """A name that is not there is found out."""
    assert is_named(word) is is_there
