"""What is published: the source distribution, the wheel made of it, and their metadata.

The slow part is the fixtures: they build both, and install the wheel into an environment of its own
(some ten seconds in all, without a network). hatchling, the build backend, comes with the
development dependencies.
"""

import email
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)|\b(?:href|src)\s*=\s*[\"']([^\"']+)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Built:
    """The two distributions, and what the wheel holds."""

    sdist: Path
    wheel: Path
    names: frozenset[str]
    metadata: Message

    def read(self, suffix):
        """Return the text of the one file in the wheel whose name ends in `suffix`."""
        (name,) = (name for name in self.names if name.endswith(suffix))
        with zipfile.ZipFile(self.wheel) as content:
            return content.read(name).decode()


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel, and a project's folder with a package `app`."""

    bin: Path
    project: Path

    def run(self, command, *arguments, **variables):
        """Run a command of the environment in the project's folder; return what it prints."""
        return run(self.bin / command, *arguments, folder=self.project, **variables)


def run(*command, folder, **variables):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    finished = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=kept | {"PYTHONIOENCODING": "utf-8"} | variables,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The source distribution, and the wheel that is made of it as an index's users make it."""
    place = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "hatchling", "build", "--directory", place, "--target")
    run(*build, "sdist", folder=ROOT)
    (sdist,) = place.glob("strictgate-*.tar.gz")
    with tarfile.open(sdist) as archive:
        # Early releases of 3.11 have no filters, later ones warn where none is given.
        archive.extractall(place, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    run(*build, "wheel", folder=place / sdist.name.removesuffix(".tar.gz"))
    (wheel,) = place.glob("strictgate-*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = frozenset(content.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        text = content.read(metadata).decode()
    return Built(sdist, wheel, names, email.message_from_string(text))


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The wheel, beside another distribution that ships `app`; both without their dependencies."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place / "venv", with_pip=False)
    python = place / "venv/bin/python"
    home = Path(run(python, "-c", "import site; print(*site.getsitepackages())", folder=place))
    # The dependencies come from the environment of the tests. A path in a .pth file stands behind
    # everything else, and the .pth files in it are not read: an editable install is not seen.
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(str(home).strip()) / "dependencies.pth").write_text("\n".join(dependencies))
    other = other_distribution(place)
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", other, built.wheel, folder=place)
    project = place / "project"
    (project / "app").mkdir(parents=True)
    (project / "app/__init__.py").write_text('raise ImportError("the app of the project")\n')
    return Installed(python.parent, project)


def other_distribution(folder):
    """Return a wheel of another project, whose only package is called `app`."""
    wheel = folder / "other-1.0-py3-none-any.whl"
    about = "other-1.0.dist-info"
    files = {
        "app/__init__.py": 'OWNER = "other"\n',
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in (files | {f"{about}/RECORD": record}).items():
            archive.writestr(name, text)
    return wheel


def test_the_wheel_holds_the_package_and_nothing_else(built):
    """One package of its own name, with its types and its data, and the licence."""
    own, about = "strictgate", built.wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"

    assert {name.split("/")[0] for name in built.names} == {own, about}
    assert {"strictgate/py.typed", "strictgate/__main__.py"} <= built.names
    assert any(name.endswith("/presets.toml") for name in built.names)
    assert any(name.endswith("/refusal_patterns.toml") for name in built.names)
    assert any(name.endswith("/dialects.toml") for name in built.names)
    assert any(name.startswith(f"{about}/") and "LICENSE" in name for name in built.names)
    assert not any("__pycache__" in name or name.startswith("tests/") for name in built.names)


def test_the_source_distribution_holds_what_a_packager_needs(built):
    """Sources, licence, changelog, documentation and the tests, and nothing that was fetched."""
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "PKG-INFO"} <= names
    assert {"app/strictgate/__init__.py", "docs/guard.md"} <= names
    assert {"tests/conftest.py", "tests/data/plans.json", "Makefile", "Dockerfile"} <= names
    assert {"examples/chat_create.py", "requirements-dev.lock"} <= names
    assert not any(name.startswith((".corpora", ".venv", ".git/")) for name in names)


def test_the_metadata_says_where_and_what(built):
    """Addresses, keywords, licence, and the versions of Python that are tested."""
    metadata = built.metadata
    addresses = [each.partition(", ")[2] for each in metadata.get_all("Project-URL", [])]

    assert addresses
    assert all(address.startswith("https://") for address in addresses)
    assert metadata["Keywords"]
    assert metadata["Summary"]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Programming Language :: Python :: 3.14" in metadata.get_all("Classifier")


def test_every_link_of_the_readme_works_on_a_package_index(built):
    """An index shows the page without the repository: links are absolute, or name a heading."""
    text = CODE.sub("", built.metadata.get_payload())
    headings = {slug(each) for each in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    links = ["".join(found) for found in LINK.findall(text)]

    assert links
    broken = [
        link
        for link in links
        if not (link.startswith("https://") or (link[:1] == "#" and link[1:] in headings))
    ]
    assert broken == []


def slug(heading):
    """Return the anchor that forges and indexes give to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("variables", [{}, {"PYTHONPATH": "."}], ids=["plain", "path"])
def test_it_runs_beside_other_packages_named_app(installed, variables):
    """The project's `app` is not imported, and the other distribution keeps its own."""
    script = installed.run("strictgate", "--help", **variables)
    module = installed.run("python", "-m", "strictgate", "--help", **variables)

    assert script == module
    assert script.startswith("usage: strictgate")
    owner = installed.run("python", "-I", "-c", "import app; print(app.OWNER)")
    assert owner.strip() == "other"


def test_the_version_is_that_of_the_wheel(installed, built):
    """The code and the metadata agree, and it is the wheel that runs."""
    version = built.metadata["Version"]
    place = installed.run("python", "-c", "import strictgate; print(strictgate.__file__)")

    assert installed.run("strictgate", "--version").strip() == f"strictgate {version}"
    assert Path(place.strip()).is_relative_to(installed.bin.parent)


def test_the_example_configuration_comes_with_it(installed, built):
    """`strictgate config` prints the file that the wheel holds, which is a configuration."""
    printed = installed.run("strictgate", "config")

    assert printed.strip() == built.read("config.example.toml").strip()
    assert {"server", "upstreams", "enforcement"} <= set(tomllib.loads(printed))


def test_the_demonstration_and_the_application_are_importable(installed):
    """`python -m strictgate.demo`, and what `uvicorn strictgate.asgi:app` imports."""
    usage = installed.run("python", "-m", "strictgate.demo", "--help")
    upstream = {"STRICTGATE_UPSTREAMS__LOCAL__BASE_URL": "http://127.0.0.1:9/v1"}
    loaded = installed.run(
        "python", "-c", "from strictgate.asgi import app; print(callable(app))", **upstream
    )

    assert "no-json-schema" in usage
    assert loaded.strip() == "True"
