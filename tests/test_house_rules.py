"""The habits of the house that no linter knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fireside.config.env import SETTINGS
from fireside.hearth.commands import Command, book
from fireside.web.guard import POLICY

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "fireside"
MODULES = sorted(p for p in HOUSE.rglob("*.py") if not {"migrations", "tests"} & set(p.parts))
TEMPLATES = sorted(HOUSE.rglob("templates/**/*.html"))
MIGRATIONS = sorted(p for p in HOUSE.rglob("migrations/*.py") if p.name != "__init__.py")
LONGEST = 300
INLINE = re.compile(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE)
NAMES = [str(p.relative_to(ROOT)) for p in MODULES]

# One letter of each stands in brackets, so that this file does not find itself.
ELSEWHERE = re.compile(
    r"/[w]ork/|/[r]oot/|/[h]ome/\w|/[o]pt/(pypi|wheels)|--[i]ndex-url|[p]ypi\.org|[p]ythonhosted|[r]egistry\.npm"
)
OTHERS = ("fireside/web/static/vendor/", "fireside/web/static/web/fonts/", "LICENSE")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{'.' * node.level}{node.module or ''}"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_a_module_says_in_one_sentence_what_it_is_and_is_not_too_long(path: Path) -> None:
    if path.name != "__init__.py" or path.read_text().strip():
        said = (ast.get_docstring(tree(path)) or "").splitlines() or [""]
        assert said[0].endswith("."), "a module begins with one sentence about itself, on one line"
        assert len(said) == 1 or not said[1], "what follows the sentence begins after an empty line"
    assert len(path.read_text().splitlines()) <= LONGEST, f"over {LONGEST} lines: it lacks a noun"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_the_words_of_a_card_are_written_in_the_code_and_never_put_together(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "text":
            assert all(isinstance(a, ast.Constant) for a in node.args), (
                f"line {node.lineno}: text() takes a literal; other people's words go in by name"
            )


@pytest.mark.parametrize("path", TEMPLATES, ids=[str(p.relative_to(HOUSE)) for p in TEMPLATES])
def test_a_template_holds_no_script_and_no_style(path: Path) -> None:
    page = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(), flags=re.DOTALL)
    assert not INLINE.search(page)
    for attributes, inside in re.findall(r"<script\b([^>]*)>(.*?)</script>", page, re.DOTALL | re.IGNORECASE):
        assert "src=" in attributes, "a script has its own file"
        assert not inside.strip(), "a script has its own file"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_what_the_code_draws_holds_no_script_and_no_style(path: Path) -> None:
    strings = [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert [node.lineno for node in strings if INLINE.search(node.value)] == []


@pytest.mark.parametrize("path", MIGRATIONS, ids=[str(p.relative_to(HOUSE)) for p in MIGRATIONS])
def test_a_migration_stands_alone_and_has_a_name(path: Path) -> None:
    ours = [name for name in imports(path) if name.startswith(("fireside", "."))]
    assert not ours, "models move on, a migration does not"
    assert "_auto_" not in path.stem, "a migration's name says what it does"


def test_the_policy_for_pages_lets_nothing_in_from_elsewhere_and_nothing_inline() -> None:
    assert "default-src 'none'" in POLICY
    assert "frame-ancestors 'none'" in POLICY
    assert not re.search(r"unsafe-|https?:|\*", POLICY)


def test_nothing_in_the_repository_names_a_place_on_one_machine_or_a_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    found = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and not name.startswith(OTHERS) and b"\0" not in path.read_bytes()[:8000]:
            lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
            found += [f"{name}:{number}" for number, line in lines if ELSEWHERE.search(line)]
    assert found == []


@pytest.mark.parametrize("command", book.all(), ids=lambda command: command.verb)
def test_a_command_explains_itself_and_its_example_can_be_typed(command: Command) -> None:
    assert len(command.help) > 15
    assert command.help[0].isupper()
    assert command.help.endswith(".")
    assert "!" not in command.help
    verb, _, words = command.example.partition(" ")
    assert verb == f"/{command.verb}"
    given = command.parse(words)
    known = {param.name for param in command.params}
    assert set(given) <= known
    assert [param.name for param in command.params if param.required and not given.get(param.name)] == []


def test_the_book_holds_the_commands_of_every_room_of_the_house() -> None:
    assert book.all()


def test_every_setting_has_a_name_and_a_meaning_of_its_own() -> None:
    names = [setting.name for setting in SETTINGS]
    assert len(names) == len(set(names))
    for setting in SETTINGS:
        assert re.fullmatch(r"[A-Z][A-Z_]+[A-Z]", setting.name)
        assert setting.meaning.endswith("."), f"{setting.name} needs a sentence that says what it is for"


def test_no_variable_is_read_behind_the_back_of_the_settings() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path != HOUSE / "config" / "env.py"
        and re.search(r"os\.(environ\b(?!\.setdefault)|getenv)", path.read_text())
    ]
    assert readers == []


def test_the_reference_says_what_the_code_says() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/docs.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
