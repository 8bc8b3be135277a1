"""The package, built and installed elsewhere, is the whole house: from an empty folder it serves, styled."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urljoin

import httpx
import pytest

from fireside import __version__
from tests.machines import ROOT, answers, free_port, process, wait_for

pytestmark = pytest.mark.wheel
PAGES = (
    "/",
    "/rooms/",
    "/rooms/incidents/",
    "/incidents/",
    "/alerts/",
    "/systems/",
    "/learn/",
    "/search/?q=x",
    "/api/",
)
NAMED = (
    re.compile(r'(?:src|href)="(/static/[^"#]+)'),
    re.compile(r"url\(\s*[\"']?([^)\"'#]+)"),
    re.compile(r"^import .* from [\"']([^\"']+)", re.MULTILINE),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source package of which it was made."""
    out = tmp_path_factory.mktemp("dist")
    told = subprocess.run(["tools/wheel.sh", out], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    return out


@dataclass
class Place:
    """A folder somewhere, and the installed command that knows nothing of this checkout."""

    folder: Path
    bin: Path

    @property
    def env(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}

    def run(self, *words: str, fine: bool = True) -> str:
        told = subprocess.run(
            [self.bin / words[0], *words[1:]], cwd=self.folder, env=self.env, capture_output=True, text=True
        )
        assert not fine or told.returncode == 0, told.stderr
        assert "Traceback" not in told.stderr
        return told.stdout


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it, which finds the libraries where these tests have theirs."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False)
    [wheel] = built.glob("*.whl")
    told = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--python", home / "bin" / "python", "install", "--no-index",
         "--no-deps", "--disable-pip-version-check", wheel], capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    # A place named in a .pth file is looked in; what the .pth files there ask for, our checkout, is not.
    site = next(home.glob("lib/python*/site-packages"))
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return home / "bin"


@pytest.fixture
def place(installed: Path, tmp_path: Path) -> Place:
    return Place(tmp_path, installed)


@pytest.fixture
def door(place: Place) -> Iterator[str]:
    """The installed house, open, in an empty folder."""
    port = free_port()
    args = (str(place.bin / "fireside"), "up", "--port", str(port))
    log = place.folder / "log"
    with process(*args, log=log, env=place.env, cwd=place.folder) as running:

        def ready() -> bool:
            assert running.poll() is None, log.read_text()
            return answers(f"http://127.0.0.1:{port}/readyz")

        wait_for(ready, "the installed house to open")
        yield f"http://127.0.0.1:{port}"


def tracked() -> set[str]:
    """The files of the product, without its tests."""
    told = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "fireside"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {name for name in told.split("\0") if name and "tests" not in PurePosixPath(name).parts}


def test_the_wheel_holds_every_file_of_the_product_and_no_other(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    assert wheel.name == f"fireside-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as packed:
        held = {name for name in packed.namelist() if ".dist-info/" not in name}
    assert tracked() - held == set(), "not in the wheel"
    assert held - tracked() == set(), "only in the wheel"


def test_the_source_package_holds_what_the_wheel_is_made_of_and_no_tests(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as packed:
        held = {name.partition("/")[2] for name in packed.getnames()}
    assert tracked() <= held
    assert {"LICENSE", "README.md", "pyproject.toml"} <= held
    parts = {part for name in held for part in PurePosixPath(name).parts}
    assert parts.isdisjoint({"tests", "bench", "tools", "conftest.py"})


def test_it_is_the_installed_one_that_runs(place: Place) -> None:
    told = place.run("python", "-c", "import fireside.config.cli; print(fireside.config.cli.__file__)")
    assert Path(told.strip()).is_relative_to(place.bin.parent)
    assert place.run("fireside", "--version") == f"fireside, version {__version__}\n"


def test_the_first_visitor_finds_every_page_styled(door: str, place: Place) -> None:
    with httpx.Client(base_url=door, follow_redirects=True, timeout=30) as visitor:
        page = visitor.get("/")
        assert "Your organisation" in page.text
        first = {"org_name": "Unicorn Rentals", "name": "Ana Ngata", "email": "ana@example.org",
                 "password": "a long enough one", "zone": "Pacific/Auckland"}  # fmt: skip
        [token] = set(re.findall('name="csrfmiddlewaretoken" value="([^"]+)', page.text))
        inside = visitor.post(page.url, data=first | {"csrfmiddlewaretoken": token})
        assert inside.status_code == 200
        assert "Ana Ngata" in inside.text
        seen: dict[str, httpx.Response] = {}
        for path in PAGES:
            page = visitor.get(path)
            assert page.status_code == 200, path
            follow(visitor, page, seen)
    kinds = {PurePosixPath(path).suffix for path in seen}
    assert {".css", ".js", ".svg", ".woff2"} <= kinds
    assert [path for path, answer in seen.items() if answer.status_code != 200] == []
    assert all("immutable" in answer.headers["cache-control"] for answer in seen.values())
    assert {path.name for path in place.folder.iterdir()} == {"data", "log"}


def follow(visitor: httpx.Client, page: httpx.Response, seen: dict[str, httpx.Response]) -> None:
    """Fetch every static file that this page or sheet or script names, and what those name."""
    if not page.headers["content-type"].startswith(("text/", "application/javascript")):
        return
    for name in (name for pattern in NAMED for name in pattern.findall(page.text)):
        path = urljoin(page.url.path, name)
        if path.startswith("/static/") and path not in seen:
            seen[path] = visitor.get(path)
            follow(visitor, seen[path], seen)


def test_the_story_is_told_and_somebody_does_something_at_the_terminal(place: Place) -> None:
    assert "Sign in as aroha@example.org" in place.run("fireside", "demo")
    assert "/incident" in place.run("fireside", "do", "help", "--as", "aroha")
    opened = place.run("fireside", "do", "incident", "customers", "cannot", "pay", "--as", "aroha")
    assert "is open, and you are in it" in opened
    assert "incidents.ask_who_leads" in place.run("fireside", "schedule")
    if " doctor " in place.run("fireside", "--help"):
        place.run("fireside", "doctor", fine=False)  # it may well find something in so young a house


def test_beside_the_package_lies_a_list_of_all_that_is_inside(built: Path) -> None:
    listed = json.loads((built / "fireside.cdx.json").read_text())
    assert (listed["bomFormat"], listed["metadata"]["component"]["version"]) == ("CycloneDX", __version__)
    parts = {part["name"]: part for part in listed["components"]}
    assert {"django", "pillow", "htmx.org"} <= parts.keys()
    assert parts["django"]["externalReferences"][0]["hashes"]
    assert parts["htmx.org"]["licenses"] == [{"license": {"id": "0BSD"}}]
    root = next(one for one in listed["dependencies"] if one["ref"] == "root-component")
    assert parts["django"]["bom-ref"] in root["dependsOn"]
    assert "pytest" not in parts
