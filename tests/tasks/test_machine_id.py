"""A machine's id: made once, private, and independent of what the host is called."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.machine_id import FILE_NAME, machine_id
from tasks.process import orphans
from tasks.settings.rhythm_toml import PROJECT
from tasks.store.measurements import Sample
from tasks.store.store import Store, store_of
from tests.conftest import MakeSettings

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
TOML = '[groups.a]\nevery = "10m"\nsteps = ["check_health"]\n'


def rename(patch: pytest.MonkeyPatch, name: str) -> None:
    """Call this host otherwise, as DHCP or a container's next start does."""
    patch.setattr(socket, "gethostname", lambda: name)


def test_it_stays_whatever_the_host_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename(monkeypatch, "before")
    made = machine_id(tmp_path / "outputs")
    rename(monkeypatch, "after")

    assert machine_id(tmp_path / "outputs") == made
    assert made not in ("before", "after")


def test_two_folders_are_two_machines(tmp_path: Path) -> None:
    assert machine_id(tmp_path / "one") != machine_id(tmp_path / "two")


@pytest.mark.skipif(sys.platform == "win32", reason="there, the folder's access list holds")
def test_its_file_is_private(tmp_path: Path) -> None:
    machine_id(tmp_path / "outputs")

    assert stat.S_IMODE((tmp_path / "outputs" / FILE_NAME).stat().st_mode) == 0o600


def test_of_many_that_come_at_once_all_get_the_same(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tasks.machine_id import machine_id\n"
        "input(); print(machine_id(Path(sys.argv[1])))"
    )
    processes = [
        subprocess.Popen(  # noqa: S603 - our own Python
            [sys.executable, "-c", code, str(tmp_path / "outputs")],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    said = {process.communicate()[0].strip() for process in processes}

    assert said == {machine_id(tmp_path / "outputs")}


@pytest.mark.parametrize("left", ["rhythm.db", "running", "services", "logs"])
def test_where_an_older_version_was_at_work_it_is_the_name_that_version_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    (tmp_path / left).mkdir()
    rename(monkeypatch, "before")
    assert machine_id(tmp_path) == "before"

    rename(monkeypatch, "after")
    assert machine_id(tmp_path) == "before"


def test_what_an_older_version_has_measured_stays_this_machines(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_settings(TOML)
    rename(monkeypatch, "before")
    before, since = Sample(NOON, "cpu_percent", 1.0), Sample(NOON, "cpu_percent", 2.0)
    with Store(settings.outputs_dir / "rhythm.db", host="before") as store:
        store.add_samples([before])
    with Store(settings.outputs_dir / "rhythm.db", host="another") as store:
        store.add_samples([Sample(NOON, "cpu_percent", 3.0)])

    with store_of(settings) as store:
        store.add_samples([since])
    rename(monkeypatch, "after")
    with store_of(settings) as store:
        assert store.samples("cpu_percent", NOON) == [before, since]


async def test_what_a_killed_owner_has_left_is_found_after_the_host_was_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename(monkeypatch, "before")
    orphans.Running(tmp_path / orphans.SCRIPTS, "work", "0123")
    (record,) = (tmp_path / orphans.SCRIPTS).iterdir()
    record.write_text(record.read_text().replace('"created":', '"created":1'))  # nobody's, by now
    rename(monkeypatch, "after")

    await orphans.sweep(tmp_path)

    assert not record.exists()
