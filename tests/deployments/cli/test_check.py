"""`rhythm check`: is rhythm.toml valid, and is everything there that it names?"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployments.cli.check import ready
from tasks.outcome import Outcome
from tasks.problem import ConfigError
from tasks.settings import rhythm_toml as config
from tasks.store.measurements import GroupEvent
from tasks.store.store import store_of
from tests.conftest import MakeSettings
from tests.deployments.command_line import PROJECT, VALID, CommandLine


def rhythm_of(steps: str, top: str = "") -> str:
    return f"{top}\n[groups.a]\nevery = '10m'\nsteps = {steps}\n"


def script(rhythm: CommandLine, name: str) -> Path:
    path = rhythm.folder / "scripts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")
    return path


def test_the_shipped_rhythm_is_valid(rhythm: CommandLine) -> None:
    rhythm.write((PROJECT / "rhythm.toml").read_bytes())

    said = rhythm("check")

    assert (said.code, said.err) == (0, "")
    assert said.out == f"{rhythm.config} is valid: 5 groups, 12 steps\n"


def test_what_takes_longer_each_day_is_a_warning_before_it_is_too_long(rhythm: CommandLine) -> None:
    rhythm.write(rhythm_of("['check_health']", 'timezone = "UTC"'))
    now = datetime.now(UTC)
    runs = [
        GroupEvent(now - timedelta(days=day, hours=1), "a", "run", "", Outcome.COMPLETED, 580.0 - 8 * day)
        for day in range(20)
    ]
    with store_of(config.load(rhythm.config)) as store:
        store.add_decisions(runs)

    checked, status = rhythm("check"), rhythm("status")
    listed = rhythm("status", "--json").json["outgrowing"]

    for said in (checked, status):
        assert said.code == 0
        assert "a takes 8.0 s longer each day, and outgrows its interval, 10m, around" in said.err
    assert {each["what"] for each in listed} == {"a", "the longest beat of a day"}
    assert now.isoformat() < next(each["at"] for each in listed if each["what"] == "a")


def test_a_valid_rhythm_as_json(rhythm: CommandLine) -> None:
    rhythm.write(VALID)

    said = rhythm("check", "--json")

    assert (said.code, said.err) == (0, "")
    assert said.json == {"ok": True, "problems": [], "warnings": []}


def test_problems_as_json_have_a_place_a_fault_and_a_remedy(rhythm: CommandLine) -> None:
    rhythm.write("colour = 'red'" + VALID + "attempts = 0")

    said = rhythm("check", "--json")

    assert (said.code, said.err) == (2, "")
    assert said.json == {
        "ok": False,
        "problems": [
            {
                "where": f"{rhythm.config}:7: groups.health_check.attempts",
                "problem": "0 is too small",
                "remedy": "Write 1 or more.",
            },
            {
                "where": f"{rhythm.config}:1: colour",
                "problem": "unknown key",
                "remedy": "Take it out, or correct its spelling.",
            },
        ],
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"x = ", "is not valid TOML"),
        (b"# \xff\n", "line 1 is not UTF-8"),
        (None, "there is no such file"),
    ],
)
def test_a_file_that_cannot_be_read_ends_with_2(
    written: bytes | None, said: str, rhythm: CommandLine
) -> None:
    if written is not None:
        rhythm.write(written)

    found = rhythm("check", RHYTHM_CONFIG="rhythm.toml")

    assert (found.code, found.out) == (2, "")
    assert found.err.startswith(f"error: {rhythm.config}: {said}")
    assert len(found.err.splitlines()) == 1


def test_a_script_that_is_not_there_is_a_problem_and_an_optional_one_a_warning(rhythm: CommandLine) -> None:
    rhythm.write(rhythm_of("['one.py', { run = 'two.py', optional = true }]"))

    said = rhythm("check", "--json")

    assert said.code == 2
    ((problem,), (warning,)) = (said.json["problems"], said.json["warnings"])
    folder = rhythm.folder / "scripts"
    assert problem["where"] == f"{rhythm.config}:4: groups.a.steps: one"
    assert problem["problem"] == f"there is no {folder / 'one.py'}"
    assert problem["remedy"] == "Put it there, or correct the path; until then it is skipped."
    assert warning["where"] == f"{rhythm.config}:4: groups.a.steps: two"
    assert warning["problem"] == f"there is no {folder / 'two.py'}"


def test_warnings_alone_are_reported_apart_and_end_with_0(rhythm: CommandLine) -> None:
    rhythm.write(rhythm_of("[{ run = 'two.py', optional = true }]"))

    said = rhythm("check")

    assert said.code == 0
    assert said.out == f"{rhythm.config} is valid: 1 groups, 1 steps\n"
    assert said.err.startswith(f"warning: {rhythm.config}:4: groups.a.steps: two: there is no ")


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("folder.py", "is a folder, not a script"),
        ("../outside.py", "leads out of"),
        ("x.py", "needs python9.99, which is not installed or not in PATH"),
    ],
)
def test_a_script_that_cannot_start_is_reported_once(step: str, problem: str, rhythm: CommandLine) -> None:
    script(rhythm, "folder.py/in_it.py")
    script(rhythm, "x.py")
    script(rhythm, "../outside.py")
    rhythm.write(rhythm_of(f"['{step}']", "python = 'python9.99'"))

    said = rhythm("check", "--json")

    assert said.code == 2
    (found,) = said.json["problems"]
    assert found["where"] == f"{rhythm.config}:4: groups.a.steps: {Path(step).stem}"
    assert problem in found["problem"]
    assert found["remedy"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no executable files but by their ending")
def test_a_script_that_is_not_executable_is_reported(rhythm: CommandLine) -> None:
    script(rhythm, "backup")
    rhythm.write(rhythm_of("['./backup']"))

    said = rhythm("check")

    assert said.code == 2
    assert "backup is not executable; make it so, or give it a suffix." in said.err


def test_an_outputs_dir_that_cannot_be_written_to_is_reported(rhythm: CommandLine) -> None:
    (rhythm.folder / "file").touch()
    rhythm.write(rhythm_of("['check_health']", "outputs_dir = 'file/outputs'"))

    said = rhythm("check", "--json")

    assert said.code == 2
    (found,) = said.json["problems"]
    assert found["where"] == f"{rhythm.config}:1: outputs_dir"
    assert found["problem"].startswith(f"{rhythm.folder / 'file' / 'outputs'} cannot be written to (")
    assert found["remedy"] == "Name a folder that you may write to."


def test_an_outputs_dir_that_a_variable_names_is_reported_with_the_variable(rhythm: CommandLine) -> None:
    (rhythm.folder / "file").touch()
    rhythm.write(VALID)

    said = rhythm("check", RHYTHM_OUTPUTS_DIR="file/outputs")

    assert said.code == 2
    assert said.err.startswith("error: RHYTHM_OUTPUTS_DIR: outputs_dir: ")


def test_a_group_faster_than_the_beat_and_a_secret_that_is_not_set_are_warnings(rhythm: CommandLine) -> None:
    rhythm.write("secret_env = ['SET', 'NOT_SET']" + VALID.replace("10m", "1m"))

    said = rhythm("check", "--json", SET="long enough")

    assert (said.code, said.json["ok"]) == (0, True)
    assert said.json["warnings"] == [
        {
            "where": f"{rhythm.config}:5: groups.health_check.every",
            "problem": "1m is shorter than a beat",
            "remedy": "It runs every 5m at most.",
        },
        {
            "where": f"{rhythm.config}:1: secret_env",
            "problem": "NOT_SET is not set here",
            "remedy": "Nothing is kept from the logs for it.",
        },
    ]


def test_a_secret_too_short_to_mask_is_a_problem(rhythm: CommandLine) -> None:
    rhythm.write("secret_env = ['PIN', 'LONGER']" + VALID)

    said = rhythm("check", "--json", PIN="1234567", LONGER="12345678")

    assert said.code == 2
    assert said.json["problems"] == [
        {
            "where": f"{rhythm.config}:1: secret_env",
            "problem": "PIN is too short to mask (7 characters)",
            "remedy": "Give it 8 characters or more, or take it out if it is no secret.",
        }
    ]
    assert "1234567" not in said.out + said.err


def test_a_secret_that_only_a_steps_environment_sets_is_looked_at_too(rhythm: CommandLine) -> None:
    script(rhythm, "a.py")
    step = "{{ run = 'a.py', env = {{ PIN_OF_THIS_TEST = '{value}' }} }}"

    rhythm.write(rhythm_of(f"[{step.format(value='1234')}]", "secret_env = ['PIN_OF_THIS_TEST']"))
    short = rhythm("check", "--json")
    rhythm.write(rhythm_of(f"[{step.format(value='12345678')}]", "secret_env = ['PIN_OF_THIS_TEST']"))
    well = rhythm("check", "--json")

    assert [found["problem"] for found in short.json["problems"]] == [
        "PIN_OF_THIS_TEST is too short to mask (4 characters)"
    ]
    assert (well.code, well.json["warnings"]) == (0, [])


def test_without_a_time_zone_the_machines_own_counts(rhythm: CommandLine) -> None:
    rhythm.write(rhythm_of("['check_health']"))

    said = rhythm("plan", "--json", "--from", "2026-03-02", TZ="Asia/Seoul")

    assert said.json["from"] == "2026-03-02T00:00:00+09:00"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has its zone in the registry, not in TZ")
@pytest.mark.parametrize("zone", ["UTC+3", "Mars/Olympus"])
def test_a_machine_without_a_known_time_zone_is_asked_to_name_one(zone: str, rhythm: CommandLine) -> None:
    rhythm.write(rhythm_of("['check_health']"))

    said = rhythm("check", TZ=zone)

    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"error: {rhythm.config}: timezone: '{zone}' is not a known time zone. "
        "Write a name like 'Europe/Berlin', 'Asia/Seoul' or 'UTC'.\n"
    )


def test_a_header_whose_variable_is_not_set_or_short_is_a_warning(rhythm: CommandLine) -> None:
    endpoint = """
        [[endpoints]]
        name = "chat"
        url = "http://127.0.0.1:1/ask"
        headers = { Authorization = "Bearer ${CHAT_KEY_OF_THIS_TEST}" }
    """
    rhythm.write(rhythm_of('["check_health"]') + endpoint)

    said = rhythm("check", "--json")
    short = rhythm("check", "--json", CHAT_KEY_OF_THIS_TEST="sesame")
    well = rhythm("check", "--json", CHAT_KEY_OF_THIS_TEST="open sesame")

    assert said.code == short.code == well.code == 0
    (warning,) = said.json["warnings"]
    assert warning["where"].endswith("endpoints: chat")
    assert "CHAT_KEY_OF_THIS_TEST" in warning["problem"]
    assert [found["problem"] for found in short.json["warnings"]] == [
        "CHAT_KEY_OF_THIS_TEST is too short to mask (6 characters)"
    ]
    assert well.json["warnings"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux' own")
def test_programs_are_looked_for_where_the_installed_service_looks(rhythm: CommandLine) -> None:
    rhythm.write(rhythm_of("['scripts/a.ps1', 'scripts/b.sh']", "scripts_dir = '.'"))
    script(rhythm, "a.ps1")
    script(rhythm, "b.sh")
    pwsh = script(rhythm, "bin/pwsh")
    pwsh.write_text("#!/bin/sh\n")
    pwsh.chmod(0o755)
    unit = rhythm.folder / ".config" / "systemd" / "user" / "rhythm-worker.service"
    unit.parent.mkdir(parents=True)
    here = {"HOME": str(rhythm.folder), "PATH": f"{pwsh.parent}:{os.environ['PATH']}"}
    assert rhythm("check", RHYTHM_CONFIG=str(rhythm.config), **here).code == 0

    unit.write_text(f'Environment=RHYTHM_CONFIG={rhythm.config}\nEnvironment="PATH=/nowhere:/bin"\n')
    said = rhythm("check", "--json", RHYTHM_CONFIG=str(rhythm.config), **here)

    assert said.code == 2
    (problem,) = said.json["problems"]
    assert problem["problem"].endswith(
        "which is not installed or not in PATH: the service's PATH, though it is in this terminal's"
    )
    unit.write_text('Environment=RHYTHM_CONFIG=/another.toml\nEnvironment="PATH=/nowhere:/bin"\n')
    assert rhythm("check", RHYTHM_CONFIG=str(rhythm.config), **here).code == 0


def test_nothing_starts_with_a_step_that_may_not_run(tmp_path: Path, make_settings: MakeSettings) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "outside.py").touch()
    settings = make_settings(rhythm_of("['../outside.py', 'missing.py']"))

    with pytest.raises(ConfigError, match=r"steps: outside: \.\./outside\.py leads out of") as refused:
        ready(settings)

    assert len(refused.value.problems) == 1  # a script that is missing is skipped when it is to run


def test_a_step_that_may_take_longer_than_a_beat_while_others_wait_is_a_warning_that_names_a_lane(
    rhythm: CommandLine,
) -> None:
    steps = '[{ run = "check_health", timeout = "20m" }, "circuit_breaker_router"]'
    waits = '\n[groups.b]\nevery = "1h"\nafter = ["a"]\nsteps = ["cleanup_processes"]\n'
    for lane, warned in (("main", 1), ("long", 0)):
        rhythm.write(rhythm_of(steps).replace("every", f'lane = "{lane}"\nevery') + waits)

        said = rhythm("check", "--json")

        assert said.code == 0
        assert [warning["problem"] for warning in said.json["warnings"]] == [
            "may take 20m, and b waits for it"
        ] * warned
        assert all('lane = "long"' in warning["remedy"] for warning in said.json["warnings"])


def test_what_a_script_is_given_is_looked_at(rhythm: CommandLine) -> None:
    scripts = rhythm.folder / "scripts"
    scripts.mkdir()
    (scripts / "copy.py").write_text("")
    rhythm.write(
        """timezone = 'UTC'
secret_env = ["GIVEN_BELOW"]
env = { GIVEN_BELOW = "sesame of ${RHYTHM_TEST_NOBODY:-all}" }
[groups.a]
every = '10m'
env = { LOG = '${RHYTHM_TEST_NOBODY}/log' }
steps = [{ run = 'copy.py', stdin = { file = 'gone.txt' } }, { run = 'copy.py', name = 'second' }]
[groups.b]
every = '10m'
steps = ['copy.py']
"""
    )

    said = rhythm("check", "--json")

    assert said.code == 2
    assert [found["problem"] for found in said.json["problems"]] == [
        "there is no variable for ${RHYTHM_TEST_NOBODY}",
        f"its `stdin` cannot be read: {scripts / 'gone.txt'} (No such file or directory)",
    ]
    assert said.json["problems"][0]["where"] == f"{rhythm.config}, line 6: groups.a.env.LOG"
    assert not any("GIVEN_BELOW" in found["problem"] for found in said.json["warnings"])
