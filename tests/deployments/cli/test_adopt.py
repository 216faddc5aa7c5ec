"""`rhythm adopt` as its users type it: sources, exit codes, what is written and what is printed."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests import a_machine
from tests.deployments.adopt.sources.task_xml import stream, task
from tests.deployments.command_line import PROJECT, CommandLine, Said
from tests.permissions import mode
from tests.umask import umask

EVERY = "<TimeTrigger><Repetition><Interval>PT{}M</Interval></Repetition></TimeTrigger>"
CRONTAB = (
    "*/10 * * * * /usr/bin/python3 /srv/agi/watchdog.py\n0 3 * * * /usr/bin/python3 /srv/agi/backup.py\n"
)
TOP = {"jobs", "problems"}
JOB = {
    *("source", "name", "enabled", "triggers", "command", "script", "args", "cwd", "time_limit_minutes"),
    *("group", "certain", "losses"),
}
TRIGGER = {"kind", "every_minutes", "at", "days", "delay_minutes", "cron"}


def adopt_text(rhythm: CommandLine, text: str | bytes, *words: str) -> Said:
    """Give it a source on its standard input."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "deployments.cli.main", "adopt", "-", *words],
        input=text.encode() if isinstance(text, str) else text,
        cwd=rhythm.folder,
        env={k: v for k, v in os.environ.items() if not k.startswith("RHYTHM_")}
        | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def written(rhythm: CommandLine) -> dict[str, Any]:
    return tomllib.loads(rhythm.config.read_text(encoding="utf-8"))


def test_a_crontab_becomes_a_rhythm_that_is_valid(rhythm: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(CRONTAB)

    said = rhythm("adopt", "mine")

    assert (said.code, said.err) == (0, "")
    assert "1 file, 2 tasks: 2 steps in 2 groups" in said.out
    assert "watchdog" in said.out
    assert "every 10 min" in said.out
    assert "sed -i '1s/^/#rhythm# /'" in said.out
    assert set(written(rhythm)["groups"]) == {"health_check", "daily_routine"}
    assert rhythm("check").code == 0
    assert (tmp_path / "mine").read_text() == CRONTAB


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' files have access lists, not modes")
def test_rhythm_toml_is_the_users_own_and_keeps_its_mode(rhythm: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(CRONTAB)
    (tmp_path / "more").write_text("*/10 * * * * /usr/bin/python3 /srv/agi/more.py\n")

    with umask(0o022):
        assert rhythm("adopt", "mine").code == 0
        made = mode(rhythm.config)
        rhythm.config.chmod(0o600)  # as of one with a password in it
        assert rhythm("adopt", "more").code == 0

    assert (made, mode(rhythm.config)) == (0o644, 0o600)
    assert "more" in rhythm.config.read_text(encoding="utf-8")


def test_json_has_exactly_the_keys_that_are_promised(rhythm: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(CRONTAB + "61 * * * * /a.sh\n")

    said = rhythm("adopt", "mine", "--json")

    assert said.code == 1
    assert set(said.json) == TOP
    for job in said.json["jobs"]:
        assert set(job) == JOB
        assert all(set(trigger) == TRIGGER for trigger in job["triggers"])
        assert all(set(loss) == {"what", "remedy"} for loss in job["losses"])
    (problem,) = said.json["problems"]
    assert problem["where"] == "mine:3"


def test_running_it_again_writes_nothing(rhythm: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(CRONTAB)
    rhythm("adopt", "mine")
    before = rhythm.config.read_bytes()

    said = rhythm("adopt", "mine")

    assert (said.code, rhythm.config.read_bytes()) == (0, before)
    assert "rhythm.toml stays as it is." in said.out


def test_the_users_word_wins(rhythm: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(CRONTAB)

    rhythm("adopt", "mine", "--assign", "watchdog=system_maintenance", "--drop", "backup")

    assert list(written(rhythm)["groups"]) == ["system_maintenance"]


def test_a_dry_run_writes_nothing_and_another_output_goes_there(rhythm: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(CRONTAB)

    dry = rhythm("adopt", "mine", "--dry-run")
    assert "would be written (--dry-run)" in dry.out
    assert not rhythm.config.exists()

    rhythm("adopt", "mine", "-o", "other.toml")
    assert (tmp_path / "other.toml").exists()
    assert not rhythm.config.exists()


@pytest.mark.parametrize(
    "text",
    [
        CRONTAB,
        stream("\\A", "\\B"),
        stream("\\A").encode("utf-16"),
        "Register-ScheduledTask T -Trigger (New-ScheduledTaskTrigger -Daily -At 3am) "
        "-Action (New-ScheduledTaskAction -Execute C:\\agi\\a.exe)\n",
    ],
    ids=["crontab", "xml", "xml in utf-16", "powershell"],
)
def test_standard_input_is_recognised_by_its_content(rhythm: CommandLine, text: str | bytes) -> None:
    said = adopt_text(rhythm, text, "--json", "--dry-run")

    assert said.err == ""
    assert said.json["jobs"]
    assert said.json["problems"] == []


def test_folders_patterns_and_names_are_read_once_each(rhythm: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "tasks" / "deep").mkdir(parents=True)
    for number, name in enumerate(("a.dat", "b.txt", "deep/c")):
        text = task(EVERY.format(10), uri=f"\\Task {number}").replace("watchdog", f"watchdog_{number}")
        (tmp_path / "tasks" / name).write_bytes(text.encode("utf-16"))
    (tmp_path / "tasks" / "notes.md").write_text("Register-ScheduledTask is what registers them.\n")
    (tmp_path / "tasks" / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\0\0")

    said = rhythm("adopt", "tasks", "tasks/*.txt", "tasks/a.dat", "--json", "--dry-run")

    assert sorted(job["name"] for job in said.json["jobs"]) == ["Task 0", "Task 1", "Task 2"]
    assert (said.code, said.json["problems"]) == (0, [])


@pytest.mark.parametrize(
    ("name", "content", "reported"),
    [
        ("nowhere.xml", None, "nowhere.xml: there is no such file. Name a file, a folder"),
        ("*.none", None, "*.none: there is no such file."),
        ("photo.jpg", b"\xff\xd8\xff\xe0\0\0\0", "photo.jpg: is not text."),
        ("poem.txt", b"Roses are red.\n", "poem.txt: holds no registration that is known."),
        ("empty", b"", "empty: holds no registration that is known."),
        ("bomb.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><Task>&a;</Task>', "bomb.xml:1: has a document type"),
        ("cut.xml", task().encode()[:300], "a task that is cut short"),
    ],
)
def test_a_source_that_has_nothing_is_an_error(
    name: str, content: bytes | None, reported: str, rhythm: CommandLine, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    said = rhythm("adopt", name)

    assert said.code == 2
    assert reported in said.err
    assert "Traceback" not in said.err
    assert not rhythm.config.exists()


def test_a_folder_without_registrations_has_nothing_to_place(rhythm: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    said = rhythm("adopt", "empty")

    assert said.code == 0
    assert "0 files, 0 tasks" in said.out


def test_more_than_can_be_read_is_refused(rhythm: CommandLine, tmp_path: Path) -> None:
    with (tmp_path / "huge.xml").open("wb") as file:
        file.truncate(64 * 2**20 + 1)

    said = rhythm("adopt", "huge.xml")

    assert (said.code, "more than the 64 MB that are read" in said.err) == (2, True)


def test_nothing_named_is_a_users_error(rhythm: CommandLine) -> None:
    said = rhythm("adopt")

    assert said.code == 2
    assert "has nothing to read. Name sources, or say --this-machine." in said.err


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        (("--assign", "watchdog"), "is not NAME=GROUP"),
        (("--assign", "watchdog=nowhere"), "no such group: 'nowhere'"),
        (("--assign", "nobody=health_check"), "is not a job that was found"),
        (("--drop", "nobody"), "is not a job that was found"),
        (("--assign", "watchdog=mine@soon"), "'soon' is not an interval or a time of day"),
    ],
)
def test_a_word_that_means_nothing_writes_nothing(
    words: tuple[str, ...], reported: str, rhythm: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text(CRONTAB)

    said = rhythm("adopt", "mine", *words)

    assert said.code == 2
    assert reported in said.err
    assert not rhythm.config.exists()


def test_a_rhythm_toml_that_is_not_valid_is_left_alone(rhythm: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(CRONTAB)
    rhythm.write("[groups.a]\nevery = 'soon'\n")

    said = rhythm("adopt", "mine")

    assert said.code == 2
    assert rhythm.config.read_text() == "[groups.a]\nevery = 'soon'\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither crontab nor systemd")
def test_this_machine_is_asked_for_its_crontab_and_its_timers(rhythm: CommandLine, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" = -l ] && cat <<"END"\n{CRONTAB}END\n')
    program.chmod(0o755)
    units = tmp_path / ".config" / "systemd" / "user"
    units.mkdir(parents=True)
    (units / "metrics.timer").write_text("[Timer]\nOnCalendar=*:0/30\nPersistent=true\n")
    (units / "metrics.service").write_text("[Service]\nExecStart=/usr/bin/python3 /srv/agi/metrics.py\n")

    said = rhythm(
        *("adopt", "--this-machine", "--json", "--dry-run"),
        HOME=str(tmp_path),
        PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}",
    )

    found = {job["name"]: job["group"] for job in said.json["jobs"]}
    assert found.items() >= {"watchdog": "health_check", "metrics": "performance_analysis"}.items()
    sources = {job["name"]: job["source"] for job in said.json["jobs"]}
    assert sources["watchdog"] == "crontab:1"


def test_ten_thousand_jobs_are_placed(rhythm: CommandLine, tmp_path: Path) -> None:
    lines = (f"*/10 * * * * /usr/bin/python3 /srv/agi/watch_{number}.py\n" for number in range(10_000))
    (tmp_path / "mine").write_text("".join(lines))

    said = rhythm("adopt", "mine", "--json")

    assert said.code == 0
    assert {job["group"] for job in said.json["jobs"]} == {"health_check"}
    assert len(written(rhythm)["groups"]["health_check"]["steps"]) == 10_000


def test_a_whole_machine_in_one_table(rhythm: CommandLine, tmp_path: Path) -> None:
    machine = a_machine.copied(tmp_path)

    said = rhythm("adopt", machine.name, COLUMNS="160")

    assert said.code == 1
    assert (
        "30 files, 49 tasks: 42 steps in 5 groups, 4 services, 1 disabled, 1 merged, 1 needs you" in said.out
    )
    assert said.out.count("  service  ") == 4
    assert "registered twice: also as Watchdog (old)" in said.out
    assert "AGI_Configured (machine/register/register_from_config.ps1:5)" in said.out.replace("\\", "/")
    assert 'schtasks /Change /TN "\\AGI_LLMMonitor" /DISABLE' in said.out
    assert 'schtasks /Change /TN "\\AGI_LLMMonitor" /ENABLE' in said.out
    assert "AGI_Configured" not in said.out[said.out.index("Once a beat") :]
