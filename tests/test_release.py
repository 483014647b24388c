"""The release workflow, as far as it can be seen without a release."""

import subprocess
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML is one of the development dependencies")

ROOT = Path(__file__).parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"
RELEASE = yaml.safe_load((WORKFLOWS / "release.yml").read_text())
JOBS = RELEASE["jobs"]


def before(job):
    """Every job that has to be well before this one begins."""
    needs = JOBS[job].get("needs", [])
    for need in [needs] if isinstance(needs, str) else needs:
        yield need
        yield from before(need)


@pytest.mark.parametrize("job", sorted(JOBS.keys() - {"check"}))
def test_nothing_leaves_before_all_checks(job):
    """They are those of CI, which another workflow may call."""
    assert "check" in before(job)
    assert JOBS["check"]["uses"] == "./.github/workflows/ci.yml"
    # YAML 1.1 reads the name `on` as true.
    assert "workflow_call" in yaml.safe_load((WORKFLOWS / "ci.yml").read_text())[True]


def test_rights():
    """The workflow may read; what a job may do beyond is said in the job, and no more than this."""
    beyond = {
        name: {right for right, level in job.get("permissions", {}).items() if level == "write"}
        for name, job in JOBS.items()
    }

    assert RELEASE["permissions"] == {"contents": "read"}
    assert beyond == {
        "check": set(),
        "build": {"id-token", "attestations"},
        "image": {"id-token", "attestations", "packages"},
        "publish": {"id-token"},
        "release": {"contents"},
    }


def test_scripts():
    """Bash can read each, and none has a value of an event pasted into it."""
    scripts = [
        step["run"] for job in JOBS.values() for step in job.get("steps", ()) if "run" in step
    ]

    assert scripts
    for script in scripts:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        assert "${{" not in script
