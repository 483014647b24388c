"""The shape of the house, as tests: what may import what, and how long a file may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
APP = ROOT / "app"
IO = {
    *("aiohttp", "httpx", "fastapi", "starlette", "uvicorn", "asyncio", "anyio", "socket", "ssl"),
    *("logging", "os", "io", "pathlib", "time", "datetime", "random", "uuid", "secrets"),
    *("pydantic", "pydantic_settings", "threading", "subprocess", "urllib.request"),
}
MAY_IMPORT = {
    "core": {"core"},
    "settings": {"core"},
    "observe": {"core", "observe"},
    "upstream": {"core", "settings", "upstream"},
    "demo": {"core", "demo"},
    "compiling": {"core"},
    "driver": {"core", "upstream"},
    "intake": {"core", "settings", "upstream"},
    "gateway": {"core", "settings", "observe", "upstream", "driver", "intake"},
    "store": {"core"},
    "api": {"core", "observe", "driver", "gateway", "intake", "store", "api"},
    "main": {"core", "settings", "observe", "upstream", "compiling", "gateway", "store", "api"},
    "server": {"core", "settings", "observe", "main", "demo"},
    "planning": {"core", "settings", "observe", "upstream", "gateway"},
    "checking": {"core"},
    "cli": {"core", "settings", "planning", "checking", "server"},
}
MAX_LINES = 400
WITHOUT_CODE = {"__init__.py", "exchange.py", "turns.py", "engine.py"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(APP.rglob("*.py")):
        part = path.relative_to(APP).parts[0].removesuffix(".py")
        if part not in ("__init__", "__main__"):
            yield part, path


def imported(path: Path) -> Iterator[str]:
    """Every dotted name that `path` imports, `from a import b` as `a.b`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_core_does_no_io():
    """Nothing under app/core imports a network, clock, randomness, logging or framework module."""
    for part, path in modules():
        if part == "core":
            names = {name.split(".")[0] for name in imported(path)} | set(imported(path))
            assert not names & IO, path


def test_imports_point_inwards():
    """Every import inside app/ is one that MAY_IMPORT allows; a new part needs a place in it."""
    for part, path in modules():
        used = {name.split(".")[1] for name in imported(path) if name.startswith("app.")}
        assert used - {"__version__"} <= MAY_IMPORT[part], path


def test_modules_are_short():
    """No module is longer than the house rule allows."""
    for path in [*APP.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        assert len(path.read_text().splitlines()) <= MAX_LINES, path


def test_every_module_says_what_it_is():
    """Each module starts with a docstring."""
    for path in APP.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text())), path


def test_tests_mirror_the_app():
    """Each module of the core has a test file of its name."""
    for part, path in modules():
        if part == "core" and path.name not in WITHOUT_CODE:
            mirror = ROOT / "tests" / path.relative_to(APP).with_name(f"test_{path.name}")
            assert mirror.exists(), mirror
