"""What holds for every built-in step: it ends in words, never in a traceback, whatever it is given."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from tasks.builtin import NAMES
from tasks.builtin.contract import Context, HelpShown, built_in
from tasks.machine_id import machine_id
from tasks.outcome import StepFailedError
from tasks.settings.rhythm_toml import PROJECT
from tasks.store.store import Store, store_of
from tests.bench.history import fill
from tests.tasks.builtin.conftest import MakeContext
from tests.tasks.builtin.service import nowhere
from tests.waiting import LIMIT

TOML = """
timezone = "UTC"
[groups.health_check]
every = "10m"
steps = ["check_health"]
[[endpoints]]
name = "gone"
url = "{url}"
timeout = "1s"
start = ["no-such-program"]
"""

# A file may grow to so many bytes and no further: as if the disk were full. What is there already stays.
FULL = """
import resource, sys
sys.dont_write_bytecode = True  # it would be cut off, and every later process would fail to load it
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
from deployments.cli.main import main
from tests.waiting import LIMIT
sys.exit(main(sys.argv[1:]))
"""


def rhythm_toml(folder: Path) -> None:
    (folder / "rhythm.toml").write_text(TOML.format(url=nowhere().url), encoding="utf-8")


def step(folder: Path, *words: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run `rhythm step` as a process of its own; `code` stands in for its main module."""
    argv = [sys.executable, *(["-c", code] if code else ["-m", "deployments.cli.main"]), "step", *words]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return subprocess.run(  # noqa: S603 - our own program
        argv,
        cwd=PROJECT,
        env=env | {"RHYTHM_CONFIG": str(folder / "rhythm.toml"), "PREFECT_HOME": str(folder / "prefect")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=2 * LIMIT,
        check=False,
    )


@pytest.fixture(scope="session")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs whose store holds a million samples of one week, and all else that a week leaves."""
    folder = tmp_path_factory.mktemp("crowded")
    with Store(folder / "rhythm.db", host=machine_id(folder)) as store:
        fill(store, datetime.now(UTC), days=7, samples=1_000_000, dice=Random(7))
    return folder


def said_by(name: str, context: Context) -> str:
    """What a step says, of itself or of why it failed; anything else that it raises is a fault of ours."""
    try:
        return built_in(name).main([], context)
    except StepFailedError as error:
        return str(error)


@pytest.mark.parametrize("name", NAMES)
def test_on_its_first_run_it_says_one_line_or_why_not(name: str, make_context: MakeContext) -> None:
    said = said_by(name, make_context(now=datetime.now(UTC)))
    assert said
    assert "\n" not in said


@pytest.mark.parametrize("name", NAMES)
def test_it_explains_itself(name: str, make_context: MakeContext, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HelpShown):
        built_in(name).main(["--help"], make_context())
    assert f"usage: {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_with_an_endpoint_that_is_down_it_says_one_line_or_why_not(
    name: str, make_context: MakeContext
) -> None:
    gone = nowhere().model_copy(update={"start": ("no-such-program",)})
    assert said_by(name, make_context(gone, now=datetime.now(UTC)))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of files")
@pytest.mark.parametrize("name", NAMES)
def test_on_a_full_disk_there_is_no_traceback_and_what_was_there_is_whole(name: str, tmp_path: Path) -> None:
    rhythm_toml(tmp_path)
    before = tmp_path / "outputs" / "routing_policy.json"
    before.parent.mkdir()
    before.write_text("{}")
    done = step(tmp_path, name, code=FULL)
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(before.parent.rglob("*.tmp"))


@pytest.mark.parametrize("name", NAMES)
def test_a_million_rows_are_no_trouble(name: str, make_context: MakeContext, crowded: Path) -> None:
    context = make_context(outputs_dir=crowded, now=datetime.now(UTC))
    assert said_by(name, context)
    with store_of(context.settings) as store:
        assert "cpu_percent" in store.sample_names()
