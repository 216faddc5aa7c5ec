"""PowerShell scripts that register tasks, read without being run. The scripts are in registrations/."""

from __future__ import annotations

import codecs
import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.adopt.job import Found, Job, Origin
from deployments.adopt.schedules.frequency import in_words
from deployments.adopt.sources import registration
from deployments.adopt.sources.conditions import Conditions, differences
from deployments.adopt.sources.text_encoding import decode

FOLDER = Path(__file__).with_name("registrations")
SCRIPTS = sorted(FOLDER.glob("*.ps1"))
EXPECTED: dict[str, list[dict[str, Any]]] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
# What every task has lost that says nothing of batteries and time limits: Windows' own defaults.
DEFAULTS = differences(Conditions())


def read(text: str) -> Found:
    return registration.read(text, Origin("register.ps1", PurePosixPath("/srv/register")))


def only(text: str) -> Job:
    found = read(text)
    assert found.problems == []
    (job,) = found.jobs
    return job


def summed_up(job: Job) -> dict[str, Any]:
    """What is known of a job; what is not said is empty, or as usual."""
    lost = [difference.what for difference in job.differences if difference not in DEFAULTS]
    summary = {
        "line": int(job.source.rpartition(":")[2]),
        "name": job.name,
        "when": in_words(job.triggers),
        "python": job.python,
        "through": list(job.through),
        "script": job.script,
        "args": list(job.args),
        "cwd": job.cwd,
        "disabled": not job.enabled,
        "limit": None
        if job.time_limit_minutes == Conditions().time_limit_minutes
        else job.time_limit_minutes,
        "retries": job.retries,
        "delay": [trigger.delay_minutes for trigger in job.triggers if trigger.delay_minutes],
        "doubts": list(job.doubts),
        "losses": lost,
    }
    return {key: value for key, value in summary.items() if value}


def test_every_script_has_its_expectation() -> None:
    assert sorted(EXPECTED) == [path.stem for path in SCRIPTS]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_registers_what_is_expected(path: Path) -> None:
    text = decode(path.read_bytes())
    assert registration.looks_like(text)

    found = read(text)

    assert found.problems == []
    assert [summed_up(job) for job in found.jobs] == EXPECTED[path.stem]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_neither_its_encoding_nor_its_line_ends_change_what_a_script_registers(
    encoding: str, ends: str
) -> None:
    text = (FOLDER / "korean.ps1").read_text(encoding="utf-8").replace("✅ ", "")
    data = text.replace("\n", ends).encode(encoding)

    assert [summed_up(job) for job in read(decode(data)).jobs] == EXPECTED["korean"]


def test_all_scripts_in_one_text_are_all_read() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS if path.stem in ("plain", "korean"))

    assert len(read(text).jobs) == 2


# What cannot be known is in_words by its name


@pytest.mark.parametrize(
    ("expression", "told_of"),
    [
        ("(Get-Content x.txt)", "it depends on: Get-Content x.txt"),
        ("$nowhere", "the value of $nowhere is not known here"),
        ("$env:AGI_SCRIPT", "the value of $env:AGI_SCRIPT is not known here"),
        ("(Invoke-RestMethod http://localhost/x)", "it depends on: Invoke-RestMethod http://localhost/x"),
        ('"C:\\agi\\$(Get-Random).exe"', "it depends on: Get-Random"),
    ],
)
def test_an_unknown_program_is_named(expression: str, told_of: str) -> None:
    job = only(
        f"$a = New-ScheduledTaskAction -Execute {expression}\n"
        "Register-ScheduledTask -TaskName T -Action $a -Trigger (New-ScheduledTaskTrigger -Daily -At 3am)\n"
    )

    assert told_of in job.doubts


def test_a_registration_under_an_unknown_condition_is_uncertain() -> None:
    job = only(
        "if ((Get-Service Spooler).Status -eq 'Running') {\n"
        "  Register-ScheduledTask -TaskName T -Trigger (New-ScheduledTaskTrigger -Daily -At 3am) `\n"
        "    -Action (New-ScheduledTaskAction -Execute C:\\agi\\a.exe)\n"
        "}\n"
    )

    assert job.script == "C:\\agi\\a.exe"
    assert not job.certain
    assert "Get-Service" in job.doubts[0]


def test_an_unknown_interval_is_uncertain_and_not_guessed() -> None:
    job = only(
        "$t = New-ScheduledTaskTrigger -Once -At 0:00 -RepetitionInterval (New-TimeSpan -Minutes $c.Every)\n"
        "Register-ScheduledTask T -Trigger $t -Action (New-ScheduledTaskAction -Execute C:\\a.exe)\n"
    )

    assert [trigger.every_minutes for trigger in job.triggers] == [None]
    assert not job.certain


def test_a_script_that_nobody_can_follow_to_its_end_is_a_problem() -> None:
    found = read(
        "while ($true) { for ($i = 0; $i -lt 9999; $i++) { $x = 1 } }\n" * 50 + "Register-ScheduledTask T"
    )

    assert found.jobs or found.problems


def test_a_script_that_calls_itself_for_ever_ends() -> None:
    found = read("function F { F; Register-ScheduledTask -TaskName T }\nF\n")

    assert found.jobs or found.problems


def test_a_script_that_registers_nothing_says_so() -> None:
    (problem,) = read("# Register-ScheduledTask\nGet-ScheduledTask\n").problems

    assert problem.problem == "registers nothing that can be determined"


def test_a_damaged_statement_is_reported_by_its_line_and_the_others_are_read() -> None:
    found = read(
        (FOLDER / "plain.ps1").read_text(encoding="utf-8") + "\nRegister-ScheduledTask -TaskName ((\n"
    )

    assert [job.name for job in found.jobs] == ["Watchdog"]
    assert [problem.where for problem in found.problems] == ["register.ps1:5"]


def test_a_script_longer_than_people_write_is_refused() -> None:
    (problem,) = read("Register-ScheduledTask\n" + "# \n" * registration.LONGEST).problems

    assert problem.problem == "is too long for a script"


# Nothing is ever run


def test_reading_a_script_runs_none_of_it(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    found = read(
        f"New-Item -Path '{mark}' -ItemType File\n"
        f"Set-Content '{mark}' 'x'\n"
        f"[IO.File]::WriteAllText('{mark}', 'x')\n"
        f"& /bin/sh -c 'touch {mark}'\n"
        f'Invoke-Expression "touch {mark}"\n'
        f"Start-Process touch -ArgumentList '{mark}'\n" + (FOLDER / "plain.ps1").read_text(encoding="utf-8")
    )

    assert [job.name for job in found.jobs] == ["Watchdog"]
    assert not mark.exists()


# Any text: an answer, never an exception, never forever


@given(st.integers(0, len(SCRIPTS) - 1), st.integers(0, 2500))
def test_wherever_a_script_is_cut_off_reading_ends_well(which: int, at: int) -> None:
    found = read(SCRIPTS[which].read_text(encoding="utf-8")[:at])

    assert isinstance(found, Found)


@given(st.integers(0, len(SCRIPTS) - 1), st.randoms(use_true_random=False))
def test_a_script_whose_lines_are_shuffled_is_read_all_the_same(which: int, dice: Any) -> None:
    lines = SCRIPTS[which].read_text(encoding="utf-8").splitlines()
    dice.shuffle(lines)

    assert isinstance(read("\n".join(lines)), Found)


PIECES = st.sampled_from(
    [
        *(
            "$a",
            "=",
            "(",
            ")",
            "{",
            "}",
            "@{",
            "@(",
            "'x'",
            '"$a"',
            '"',
            "'",
            "`\n",
            "\n",
            ";",
            "|",
            ",",
            "+",
            "-f",
        ),
        *(
            "if",
            "else",
            "foreach",
            "in",
            "function",
            "F",
            "return",
            "[int]",
            "::Parse",
            ".Split",
            "[0]",
            "..",
            "&",
        ),
        *(
            "New-ScheduledTaskAction",
            "-Execute",
            "Register-ScheduledTask",
            "-Action",
            "New-ScheduledTaskTrigger",
        ),
        *(
            "-Once",
            "-At",
            "3am",
            "-RepetitionInterval",
            "(New-TimeSpan -Minutes 5)",
            "schtasks /create /tn x",
        ),
        *(
            "New-Object -ComObject Schedule.Service",
            "$a.NewTask(0)",
            "1e999",
            "1e14",
            "1pb",
            "*",
            "[TimeSpan]::FromMinutes(",
            "(Get-Date).AddDays(",
            "99999999999",
            "-1",
            "$null",
            "@a",
        ),
        *(
            "while ($true) {",
            "switch",
            "do {",
            "} until",
            "${",
            "$(",
            "#",
            "<#",
            "#>",
            "@'\n",
            "\n'@",
            "작업",
        ),
    ]
)


@given(st.lists(PIECES, max_size=40))
@settings(max_examples=1000)
def test_any_words_of_powershell_in_any_order_are_read(pieces: list[str]) -> None:
    assert isinstance(read(" ".join(pieces)), Found)


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    assert isinstance(read(codecs.decode(data, "latin-1")), Found)


@given(
    st.integers(1, 1439),
    st.sampled_from(
        ["(New-TimeSpan -Minutes {})", "([TimeSpan]::FromMinutes({}))", "'PT{}M'", "'00:{:02}:00'"]
    ),
)
def test_an_interval_comes_back_however_it_is_written(minutes: int, form: str) -> None:
    if form.startswith("'00"):
        minutes = max(minutes % 60, 1)
    job = only(
        f"$t = New-ScheduledTaskTrigger -Once -At 0:00 -RepetitionInterval {form.format(minutes)}\n"
        "Register-ScheduledTask T -Trigger $t -Action (New-ScheduledTaskAction -Execute C:\\a.exe)\n"
    )

    assert [trigger.every_minutes for trigger in job.triggers] == [minutes]
