"""The shape of the house, as tests: which room may import which, and how long a file may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
APP = ROOT / "app" / "strictgate"
ROOMS = (
    *("commands", "processes", "asgi", "api", "shared", "inspector"),
    *("gateway", "upstream", "demo"),
    *("core.conversation", "core.guard", "core.surfaces", "core.plan", "core.probe"),
    *("settings", "observe"),
    *("core.resilience", "core.request", "core.output", "core.grammar", "core.schema"),
    "core.wire",
    *("core.jsontext", "core.errors", "core.capabilities", "core.repair_steps", "core.work"),
    *("core.lru_cache", "core.value_type", "core.late_pattern"),
)
"""Every room of the package, top down. A module may import from its own room and from those that
come after it; `strictgate` itself (the version) from everywhere."""
APART = {"demo": {"core.plan", "core.jsontext"}}
"""Rooms that may import less than their place says: the demonstration is an upstream, and must not
know what it is asked by."""
IO = {
    *("httptools", "httpx", "fastapi", "starlette", "uvicorn", "asyncio", "anyio", "socket", "ssl"),
    *("logging", "os", "io", "pathlib", "time", "datetime", "random", "uuid", "secrets"),
    *("pydantic", "pydantic_settings", "threading", "subprocess", "urllib.request"),
    *("redis", "psycopg", "sqlite3", "signal", "select", "selectors", "mmap", "fcntl", "tempfile"),
}
MAX_LINES = 400
MAX_FLOORS = 10
VAGUE = {"read", "take", "told"}
WITHOUT_MIRROR = {
    "core/conversation/protocol.py": "frozen values only",
    "core/plan/plan.py": "frozen values only",
    "core/wire/choice_delta.py": "one frozen value",
    "upstream/http/faults.py": "exceptions only; tests/upstream/test_error_mapping.py has them all",
}
"""Modules without a test file of their name, each with the reason."""


def modules() -> Iterator[tuple[str, Path]]:
    """Yield every module with the room that it stands in."""
    for path in sorted(APP.rglob("*.py")):
        parts = path.relative_to(APP).with_suffix("").parts
        if parts[-1] != "__init__" and parts != ("__main__",):
            yield ".".join(parts[: 2 if parts[0] == "core" else 1]), path


def imported(path: Path) -> Iterator[str]:
    """Every dotted name that `path` imports, `from a import b` as `a.b`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def used_rooms(path: Path) -> set[str]:
    """The rooms that `path` imports from."""
    names = [name.split(".")[1:] for name in imported(path) if name.startswith("strictgate.")]
    rooms = {".".join(parts[: 2 if parts[0] == "core" else 1]) for parts in names}
    return rooms - {"__version__"}


def test_core_does_no_io():
    """Nothing under core imports a network, clock, randomness, logging or framework module."""
    for room, path in modules():
        if room.startswith("core."):
            names = {name.split(".")[0] for name in imported(path)} | set(imported(path))
            assert not names & IO, path


def test_every_room_has_its_place():
    """ROOMS names what there is, no more and no less."""
    assert {room for room, _ in modules()} == set(ROOMS)


def test_the_maps_name_every_room():
    """In the order of ROOMS; the core's few modules for all are named last."""
    inside = [room.removeprefix("core.") for room in ROOMS if room.startswith("core.")]
    outside = [room for room in ROOMS if not room.startswith("core.")]
    for package, rooms in ((APP, outside), (APP / "core", inside)):
        text = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
        entries = {line.strip().split("/")[0].split(" ")[0] for line in text.splitlines()}
        below = text.partition("all may know: ")[2].partition(".")[0].split(", ")
        assert {*rooms} <= entries | {*below}
        named = [room for line in text.splitlines() for room in rooms if line.startswith(room)]
        assert named == sorted(named, key=rooms.index)


def test_contributors_are_told_of_every_room():
    """The table in CONTRIBUTING.md has a row for each, in the order of ROOMS."""
    rows = (ROOT / "CONTRIBUTING.md").read_text().split("## The map")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in rows.splitlines() if line.startswith("| `")]
    named = [
        name.removesuffix(".py").strip("/") for each in cells for name in each.split("`")[1::2]
    ]
    assert [name.replace("/", ".") for name in named] == [*ROOMS]


def test_imports_point_downwards():
    """Every import inside the package is of the same room or of one further down."""
    for room, path in modules():
        may = {*ROOMS[ROOMS.index(room) :]}
        if room in APART:
            may = {room, *APART[room]}
        assert used_rooms(path) <= may, path


def test_modules_are_short():
    """No module is longer than the house rule allows."""
    for path in [*APP.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        assert len(path.read_text().splitlines()) <= MAX_LINES, path


def test_every_module_says_what_it_is():
    """Each module starts with a docstring."""
    for path in APP.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text())), path


def test_tests_mirror_the_app():
    """Each module of every room has a test file of its name, but those that need none."""
    without = {
        inside.as_posix()
        for inside in (path.relative_to(APP) for _, path in modules())
        if not (ROOT / "tests" / inside.with_name(f"test_{inside.name}")).exists()
    }
    assert without == WITHOUT_MIRROR.keys()


def public(kind: type | tuple[type, ...]) -> Iterator[tuple[str, Path]]:
    """Every public definition of this kind at the top of a module, with the module."""
    for path in APP.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, kind) and not node.name.startswith("_"):
                yield node.name, path


def test_one_name_is_one_class():
    """No two public classes have the same name."""
    seen: dict[str, Path] = {}
    for name, path in public(ast.ClassDef):
        assert name not in seen, (name, path, seen[name])
        seen[name] = path


def test_functions_say_what_they_do():
    """No public function is called by a word that could mean anything."""
    for name, path in public((ast.FunctionDef, ast.AsyncFunctionDef)):
        assert name not in VAGUE, (name, path)


def test_the_house_is_not_too_high():
    """The longest chain of rooms, each importing the next, has at most MAX_FLOORS rooms."""
    below: dict[str, set[str]] = {room: set() for room in ROOMS}
    for room, path in modules():
        below[room] |= used_rooms(path) - {room}
    floors: dict[str, int] = {}
    for room in reversed(ROOMS):
        floors[room] = 1 + max((floors[each] for each in below[room]), default=0)
    assert max(floors.values()) <= MAX_FLOORS, floors
