"""`rhythm down`: what it asks to end, and what it leaves alone (end_to_end/test_own_groups.py ends all)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deployments.cli import down
from deployments.daemon import end_request
from deployments.server import instance_lock
from tasks.process.process_tree import Identity
from tests.conftest import MakeSettings
from tests.deployments.command_line import CommandLine

URL = "http://127.0.0.1:9/api"


def test_where_nothing_runs_it_says_so_and_ends_well(rhythm: CommandLine) -> None:
    rhythm.write('[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')

    for_people, for_machines = rhythm("down"), rhythm("down", "--json")

    assert for_people.code == 0
    assert for_people.out == f"nothing to end: no `rhythm up` of {rhythm.config} runs\n"
    assert for_machines.json == {"ended": False, "pid": None, "url": None, "server": None, "service": False}
    assert (for_machines.code, for_machines.err) == (0, "")


def test_a_rhythm_toml_that_cannot_be_used_is_2_and_one_object(rhythm: CommandLine) -> None:
    rhythm.write("groups = 1")

    said = rhythm("down", "--json")

    assert said.code == 2
    assert "groups" in said.json["error"]


def test_only_the_process_that_is_named_is_asked_and_only_while_it_is(tmp_path: Path) -> None:
    me = Identity.mine()
    later = Identity(me.pid, me.created + 1)

    assert not end_request.is_made(tmp_path, me)
    with end_request.made(tmp_path, me):
        assert end_request.is_made(tmp_path, me)
        assert not end_request.is_made(tmp_path, later), "one that has the pid by now is another"
    assert not end_request.is_made(tmp_path, me)


def test_what_does_not_end_when_it_is_asked_is_ended_by_force(
    tmp_path: Path,
    make_settings: MakeSettings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    monkeypatch.setattr(down, "_PATIENCE", 0.1)
    settings = make_settings('[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')
    deaf = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with instance_lock.announced(settings.outputs_dir, URL, Identity.of(deaf.pid)):
            assert down.run(json=True) == 0
        assert deaf.wait() != 0
    finally:
        deaf.kill()
        deaf.communicate()
    said = capsys.readouterr()
    assert f'"pid": {deaf.pid}' in said.out
    assert f"process {deaf.pid} does not end by itself, and is ended by force" in said.err
