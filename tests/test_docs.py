"""The documentation is true: pages follow the code, links lead somewhere, and the quickstart works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from docs.generate import PAGES
from tasks.settings.rhythm_toml import Settings
from tasks.settings.schema import json_schema
from tests.conftest import MakeSettings
from tests.end_to_end.workspace import PROJECT, Running, Workspace
from tests.waiting import LIMIT, eventually
from tests.wine import is_wine

SOURCES = sorted(
    [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / ".github").rglob("*.md")]
)
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("path", PAGES)
def test_a_reference_page_is_what_the_code_makes_of_it(path: str) -> None:
    written = (PROJECT / path).read_text(encoding="utf-8")

    assert written == PAGES[path](), "make it anew: python -m docs.generate"


def described(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each key that rhythm.toml may have, and what is said of it."""
    for table in (schema, *schema["$defs"].values()):
        (form,) = [each for each in (table, *table.get("anyOf", ())) if "properties" in each]
        for key, value in form["properties"].items():
            yield key, value.get("description", "")


def test_each_key_of_rhythm_toml_has_a_description_that_is_a_sentence() -> None:
    keys = list(described(json_schema()))

    assert len(keys) > len(Settings.model_fields)
    assert [key for key, said in keys if not re.fullmatch(r"[A-Z`].+\.", said)] == []


def test_the_schema_is_one_that_validators_take_and_the_shipped_file_fits_it() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    shipped = (PROJECT / "rhythm.toml").read_text(encoding="utf-8")

    jsonschema.validate(tomllib.loads(shipped), schema)

    named = shipped.partition("\n")[0].removeprefix("#:schema ")
    assert json.loads((PROJECT / named).read_text(encoding="utf-8")) == schema


STEP = 'steps = ["check_health"]'
A = f'[groups.a]\nevery = "10m"\n{STEP}\n'


@pytest.mark.parametrize(
    "text",
    [
        A,
        f'[groups.a]\nat = "3:00"\n{STEP}',
        '[groups.a]\nevery = "1h30m"\nsteps = [["a.py", "x y"], { run = "b.py", retry_delay = ["5s", 60] }]',
        f'listen = "[::1]:4200"\nretention = "0.5d"\n{A}',
        f'retention = 7776000\nenv_file = ".env"\nenv = {{ A = "${{B}}" }}\n{A}',
        '[groups.a]\nevery = 600\nsteps = [{ run = "a.py", ok_codes = [3010], stdin = "y", timeout = 1.5 }]',
        '[groups.a]\nevery = 9\nsteps = [{ run = "a.py", skip_codes = [0xC000013A], stdin = {file = "a"} }]',
        f"[health.cpu]\nwarning = 80\n{A}",
        f'[[endpoints]]\nname = "e"\nurl = "tcp://a:1"\nkind = "tcp"\nstop = "kill it"\n{A}',
    ],
)
def test_the_schema_takes_what_rhythm_takes(text: str, make_settings: MakeSettings) -> None:
    make_settings(text)

    jsonschema.validate(tomllib.loads(text), json_schema())


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[groups.a]\nevery = "1h"\nsteps = [{ run = "a.py", stdin = { text = "a", file = "b" } }]',
        '[groups.a]\nevery = "1h"\nsteps = [{ run = "a.py", ok_codes = ["0"] }]',
        '[groups.a]\nevery = "1h"\nsteps = [{ run = "a.py", ok_codes = [4294967296] }]',
        f'[groups.a]\nevery = "10 minutes"\n{STEP}',
        f'[groups.a]\nat = "25:00"\n{STEP}',
        f'[groups.A]\nevery = "10m"\n{STEP}\n[groups.b]\nevery = true\n{STEP}',
        '[groups.a]\nevery = "10m"\nsteps = [{ retries = 2 }]',
        f'[groups.a]\nevery = "10m"\nevry = "10m"\n{STEP}',
        f"retention = 0\n{A}",
    ],
)
def test_the_schema_refuses_what_an_editor_can_see_to_be_wrong(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), json_schema())


def test_rhythm_config_schema_prints_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deployments.cli.main", "config", "schema"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
        timeout=LIMIT,
    )

    assert json.loads(done.stdout) == json_schema()


def links(path: Path) -> list[str]:
    """The links of a page that lead into the project: not those of examples, nor to other sites."""
    found = _LINK.findall(_CODE.sub("", path.read_text(encoding="utf-8")))
    return [link for link in found if not link.startswith(("https://", "http://"))]


def anchors(path: Path) -> set[str]:
    """What GitHub names a page's headings, which links may end with."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {
        "".join(each for each in heading.lower() if each.isalnum() or each in " -_").strip().replace(" ", "-")
        for heading in _HEADING.findall(text)
    }


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_each_link_leads_to_a_file_and_a_heading_of_it(path: Path) -> None:
    broken = []
    for link in links(path):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    waiting, seen = [PROJECT / "README.md"], set[Path]()
    while waiting:
        page = waiting.pop()
        seen.add(page)
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
        waiting += [each for each in targets if each.suffix == ".md" and each.is_file() and each not in seen]

    pages = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
    assert [name(page) for page in sorted(pages) if page not in seen] == []


@dataclass(frozen=True)
class Block:
    """One block of the quickstart: its language, the file that it is to become, and its text."""

    language: str
    title: str
    text: str


def blocks() -> list[Block]:
    text = (PROJECT / "docs" / "quickstart.md").read_text(encoding="utf-8")
    return [Block(*found) for found in _BLOCK.findall(text)]


#: Printed after each block's commands, by the Python that is then the first on PATH.
_LEFT = "import json, os; print(json.dumps([os.getcwd(), dict(os.environ)]))"


class Reader:
    """Somebody who does what the quickstart says, in a copy of the project, with a Prefect home of its own.

    Each block is a script of its own; the folder and the variables that it leaves are those of the next one.
    """

    def __init__(self, workspace: Workspace, folder: Path, *shell: str) -> None:
        self.workspace, self.folder, self.shell = workspace, folder, shell
        self.env = {k: v for k, v in workspace.env.items() if k != "VIRTUAL_ENV" and k[:7] != "RHYTHM_"}

    def does(self, block: Block, up: ExitStack) -> str:
        """Write a file or run commands, and return what they print. `rhythm up` runs on until `up` ends."""
        if block.title:
            (self.folder / block.title).write_text(block.text, encoding="utf-8")
            return ""
        if block.text == "rhythm up\n":
            rhythm = shutil.which("rhythm", path=self.env["PATH"])
            assert rhythm
            running = Running([rhythm, "up"], self.env, self.folder, self.workspace.root / "up.log")
            up.callback(running.end)
            eventually(self.workspace.is_served, "the server of rhythm up")
            eventually(lambda: self.workspace.runs("rhythm", "COMPLETED"), "its first beat")
            return running.said
        return self._runs(block.text)

    def _runs(self, text: str) -> str:
        suffix, check = (".ps1", "\nif (-not $?) { exit 1 }\n") if "pwsh" in self.shell[0] else (".sh", "\n")
        script = self.workspace.root / f"block{suffix}"
        lines = ["set -e"] if suffix == ".sh" else []
        script.write_text(check.join([*lines, *text.splitlines(), f"python -c '{_LEFT}'"]), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - a shell that was found on PATH
            [*self.shell, str(script)],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == 0, f"{text}{done.stdout}{done.stderr}"
        said, _, left = done.stdout.rstrip().rpartition("\n")
        folder, self.env = json.loads(left)
        self.folder = Path(folder)
        return said


@pytest.mark.timeout(4 * LIMIT)
def test_who_does_what_the_quickstart_says_gets_where_it_says(tmp_path: Path, prefect_home: Path) -> None:
    if is_wine():
        pytest.skip("Wine: there is no PowerShell here that does anything")
    windows = sys.platform == "win32"
    shell = ["pwsh", "-NoProfile", "-File"] if windows else ["bash"]
    shutil.copytree(prefect_home, tmp_path / "prefect")
    shutil.copytree(PROJECT, tmp_path / "Rhythm", ignore=_not_the_project)
    reader = Reader(Workspace(tmp_path), tmp_path / "Rhythm", *shell)
    said: dict[str, str] = {}

    with ExitStack() as up:
        for block in blocks():
            if block.title or block.language in ("sh", "powershell" if windows else "bash"):
                said[block.text.partition("\n")[0]] = reader.does(block, up)
                _lend(tmp_path / "Rhythm" / ".venv")

    assert "is valid: 2 groups, 2 steps" in said["rhythm check"]
    assert "greetings" in said["rhythm beat"]
    assert "completed" in said["rhythm beat"]
    assert f"this rhythm is {tmp_path / 'Rhythm' / 'first-rhythm' / 'rhythm.toml'}" in said["rhythm up"]
    assert "hello from" in said["rhythm status"]


def _not_the_project(folder: str, names: list[str]) -> set[str]:
    """What a fresh copy of the project does not have, or does not need to be installed."""
    return {each for each in names if each[0] == "." or each in ("__pycache__", "tests", "outputs", "build")}


def _lend(environment: Path) -> None:
    """Let a new environment have the packages of this one: what pip would install is there already."""
    for packages in environment.glob("**/site-packages"):
        (packages / "lent.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")


def test_the_blocks_of_powershell_are_powershell(pwsh: Path, tmp_path: Path) -> None:
    text = "\n".join(block.text for block in blocks() if block.language in ("powershell", "sh"))
    parse = (
        "$wrong = $null; $null = [Management.Automation.Language.Parser]::ParseInput($env:TEXT, [ref]$null, "
    )

    done = subprocess.run(  # noqa: S603 - PowerShell, as the tests have found it
        [pwsh / "pwsh", "-NoProfile", "-Command", parse + "[ref]$wrong); $wrong | ForEach-Object Message"],
        env=os.environ | {"TEXT": text, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
    )

    assert ".venv" in text
    assert done.stdout.strip() == ""
