"""How good the tests are: a mutation run of the parts that decide what is released.

`make mutation` changes one operator, constant or branch at a time in a copy of the tree, runs the
tests of that module, and lists the changes that no test noticed (the survivors). It takes minutes
for each module, and so is no part of CI. The mutants are made by cosmic-ray
(https://cosmic-ray.readthedocs.io).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
CORE = "app/strictgate/core"
TESTS = {
    f"{CORE}/wire/refusal.py": "tests/core/wire/test_refusal.py",
    f"{CORE}/conversation/evaluation.py": "tests/core/conversation "
    "tests/core/test_conversation_streams.py",
    f"{CORE}/guard/guard.py": "tests/core/guard/test_guard.py tests/core/guard/test_invariants.py",
    f"{CORE}/guard/releasable.py": "tests/core/guard/test_releasable.py "
    "tests/core/guard/test_invariants.py tests/core/guard/test_partial_document.py",
    f"{CORE}/guard/resume_point.py": "tests/core/guard/test_resume_point.py",
}
"""Each module that is mutated, with the tests that have to notice."""
CONFIGURATION = """
[cosmic-ray]
module-path = ["{module}"]
timeout = 60.0
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider --noconftest {tests}"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = [
    "core/ReplaceComparisonOperator_Is_Eq",
    "core/ReplaceComparisonOperator_IsNot_NotEq",
    "core/ReplaceComparisonOperator_(Eq|NotEq|Lt|LtE|Gt|GtE)_(Is|IsNot)",
]
"""
"""Left out is what no test need tell: `is` from `==`, of an enumeration or of a small number."""


def mutate(module: str, tests: str, folder: Path) -> None:
    """Run the mutants of one module in `folder`, a copy of the tree, and print the survivors."""
    configuration, session = folder / "mutation.toml", folder / "mutation.sqlite"
    configuration.write_text(
        CONFIGURATION.format(module=module, tests=tests, python=sys.executable)
    )
    session.unlink(missing_ok=True)
    environment = os.environ | {
        "PYTHONPATH": f"{folder / 'app'}:{os.environ.get('PYTHONPATH', '')}",
        "CI": "true",  # instead of conftest, which imports servers: the same examples in each run
    }

    def run(tool: str, *arguments: str) -> str:
        command = [str(Path(sys.executable).with_name(tool)), *arguments]
        return subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, text=True
        ).stdout

    run("cosmic-ray", "init", configuration.name, session.name)
    run("cr-filter-operators", session.name, configuration.name)
    run("cosmic-ray", "baseline", configuration.name)
    run("cosmic-ray", "exec", configuration.name, session.name)
    rows = [json.loads(line) for line in run("cosmic-ray", "dump", session.name).splitlines()]
    counts: Counter[str] = Counter()
    print(f"{module}", flush=True)
    for work, result in rows:
        outcome = (result or {}).get("test_outcome") or "not run"
        counts[outcome] += 1
        if outcome == "survived":
            mutation = work["mutations"][0]
            print(f"  line {mutation['start_pos'][0]}: {mutation['operator_name']}")
            print("\n".join(f"    {line}" for line in _changed(result.get("diff") or "")))
    print(f"  {dict(counts)}", flush=True)


def _changed(diff: str) -> list[str]:
    """Return the lines that a diff takes away and adds."""
    lines = diff.splitlines()
    return [each for each in lines if each[:1] in "+-" and each[:3] not in ("+++", "---")]


def main() -> None:
    """Mutate the modules that are named, or all of TESTS."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", choices=[*TESTS, []], metavar="MODULE")
    chosen = parser.parse_args().modules or list(TESTS)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "tree"
        shutil.copytree(
            ROOT, folder, ignore=shutil.ignore_patterns(".git", ".venv", "node_modules", ".clients")
        )
        for module in chosen:
            mutate(module, TESTS[module], folder)


if __name__ == "__main__":
    main()
