"""A .ps1 step on a real PowerShell: what the documentation promises of it, and how its failure reads."""

from __future__ import annotations

import asyncio
import gzip
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.builtin.contract import Context
from tasks.outcome import Outcome, StepResult
from tasks.process import orphans
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tasks.step import run_step
from tests.family import SCRIPTS, Family
from tests.powershell import Ran, Shell
from tests.waiting import soon


class Logged(logging.Handler):
    """Keeps what is logged, by level."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelname, record.getMessage()))

    def at(self, level: str) -> list[str]:
        return [line for found, line in self.lines if found == level]


class Steps:
    """Runs .ps1 steps."""

    def __init__(self, shell: Shell, outputs: Path) -> None:
        self.shell = shell
        self.outputs = outputs
        self.logged = Logged()
        self.log = logging.getLogger(f"rhythm.tests.{id(self)}")
        self.log.setLevel(logging.DEBUG)
        self.log.addHandler(self.logged)
        self.settings: dict[str, Any] = {}

    async def __call__(
        self, text: str | bytes, *words: str, name: str = "weekly.ps1", **options: Any
    ) -> StepResult:
        path = self.shell.scripts / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        step = StepSettings.model_validate({"run": [name, *words], **options})
        settings = Settings.model_validate(
            {
                "timezone": "UTC",
                "scripts_dir": self.shell.scripts,
                "outputs_dir": self.outputs,
                "groups": {"health_check": {"every": "10m", "steps": [step]}},
                **self.settings,
            }
        )
        return await run_step(step, Context(settings, self.log, lambda: datetime.now(UTC)))

    def details(self) -> list[str]:
        """Return the lines of the errors that the file of the one run has whole."""
        (path,) = (self.outputs / "steps").rglob("*.log.gz")
        with gzip.open(path, "rt", encoding="utf-8") as file:
            lines = [line.rstrip("\n").split(" ", 2) for line in file]
        return [text for _, source, text in lines if source == "detail"]


@pytest.fixture
def steps(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    for name, value in shell.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    found = Steps(shell, tmp_path / "outputs")
    yield found
    found.log.removeHandler(found.logged)


# What bare -File does otherwise, row by row of docs/windows.md


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sh -c 'exit 9'; 'after'", 9),
        ("sh -c 'exit 9'; if ($LASTEXITCODE -ne 0) { 'handled' }", 9),
        ("& $PSScriptRoot/exits5.ps1; 'after'", 5),
        ("sh -c 'exit 9'; sh -c 'exit 0'", 0),
        ("sh -c 'exit 9'; exit 0", 0),
        ("$global:LASTEXITCODE = 3", 3),
        ("$host.SetShouldExit(6); sh -c 'exit 9'", 9),
    ],
)
async def test_the_exit_code_of_the_last_program_is_the_steps(steps: Steps, text: str, code: int) -> None:
    steps.shell.script("exit 5", "exits5.ps1")

    assert (await steps(text)).exit_code == code


async def test_the_failure_of_a_program_names_the_way_out(steps: Steps) -> None:
    result = await steps("sh -c 'exit 9'; 'after'")

    assert result.message == (
        "exit code 9 (of the last program or script it called, or of an `exit` in a module; "
        "end it with `exit 0` if a program's is fine): after"
    )


async def test_a_table_before_exit_is_printed(steps: Steps) -> None:
    result = await steps("[pscustomobject]@{ Name = 'kept' }; exit 3")

    assert result.exit_code == 3
    assert [line.strip() for line in steps.logged.at("INFO")] == ["Name", "----", "kept"]


async def test_it_has_a_terminal_of_200_columns_that_can_be_cleared(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TERM")
    monkeypatch.delenv("TERMINFO")

    result = await steps("Clear-Host; [pscustomobject]@{A = 'x' * 60; B = 'y' * 60; C = 'z' * 60}")

    assert result.outcome is Outcome.COMPLETED
    lines = [line.rstrip() for line in steps.logged.at("INFO")]
    assert " ".join(letter * 60 for letter in "xyz") in lines


async def test_a_process_block_beside_input_runs_once(steps: Steps) -> None:
    await steps("begin { 'b' } process { 'p'; \"[$input]\" } end { 'e' }")

    assert steps.logged.at("INFO") == ["b", "p", "[]", "e"]


async def test_where_a_policy_forbids_net_the_script_runs_by_file_itself(shell: Shell) -> None:
    shell.script('param($Name, [switch]$Fast) "$Name $Fast"; exit 5', "policed.ps1")
    run, script = shell.command(shell.scripts / "policed.ps1")[-2:]
    mode = "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'"
    locked = shell.script(f"{mode}; & '{run}' '{script}' '.-Name' '.a b' '.-Fast:$false'; exit $LASTEXITCODE")

    assert await shell.bare(locked) == Ran(5, ["a b False"])


async def test_a_script_sees_one_frame_and_another_origin(steps: Steps) -> None:
    await steps("(Get-PSCallStack).Command -join ' '; \"$($MyInvocation.CommandOrigin)\"")

    assert steps.logged.at("INFO") == ["weekly.ps1 run.ps1", "Internal"]


# How a failure reads


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("'a'\nthrow 'broken'", "exit code 1: weekly.ps1:2 broken"),
        (
            "'a'\n\nGet-Item /nope -ErrorAction Stop",
            "exit code 1: weekly.ps1:3 Cannot find path '/nope' because it does not exist.",
        ),
        ("$ErrorActionPreference = 'Stop'\nWrite-Error 'bad thing'", "exit code 1: weekly.ps1:2 bad thing"),
        ("function f {\n throw 'deep'\n}\nf", "exit code 1: weekly.ps1:2 deep"),
        ("throw [Exception]::new('mine')", "exit code 1: weekly.ps1:1 mine"),
        (
            "'a'\nif ($x { 'oops'",
            "exit code 1: weekly.ps1:2 Unexpected token '{' in expression or statement.",
        ),
        (
            "param([Parameter(Mandatory)]$Name)",
            "exit code 1: weekly.ps1 Cannot process command because of one or more missing mandatory "
            "parameters: Name.",
        ),
        ("Write-Error 'bad thing'\nexit 3", "exit code 3: last error: weekly.ps1:1 bad thing"),
        ("try { throw 'x' } catch { 'failed' }\nexit 2", "exit code 2: last error: weekly.ps1:1 x"),
        ("exit 4", "exit code 4"),
        (
            "class A { [void] M() {\n Write-Error 'x' } }\n[A]::new().M(); exit 3",
            "exit code 3: last error: weekly.ps1:2 x",
        ),
        (
            "$ErrorActionPreference = 'Stop'\nInvoke-Expression 'function {'",
            "exit code 1: weekly.ps1:2 Missing name after function keyword.",
        ),
    ],
)
async def test_a_failure_begins_with_the_errors_own_message_and_place(
    steps: Steps, text: str, first: str
) -> None:
    result = await steps(text)

    assert result.outcome is Outcome.FAILED
    assert result.message.splitlines()[0] == first


@pytest.mark.parametrize("text", ["#requires -Version 99", "#requires -Modules NoSuchModule"])
async def test_what_a_script_requires_is_its_reason(steps: Steps, text: str) -> None:
    result = await steps(text)

    assert result.exit_code == 1
    assert result.message.startswith("exit code 1: weekly.ps1 The script 'weekly.ps1' cannot be run because")


async def test_the_last_lines_follow_the_reason(steps: Steps) -> None:
    result = await steps("'reading'; throw 'broken'")

    assert result.message.splitlines()[1] == "reading"


async def test_every_error_is_kept_whole_and_once(steps: Steps) -> None:
    await steps("Get-Item /nope -ErrorAction SilentlyContinue\ntry { throw 'caught' } catch { }\n'fine'")

    details = "\n".join(steps.details())
    caught, missing = details[: details.index("weekly.ps1:1 ")], details[details.index("weekly.ps1:1 ") :]
    assert caught.startswith("weekly.ps1:2 caught\nSystem.Management.Automation.RuntimeException: caught\n")
    assert "at <ScriptBlock>" in caught
    assert "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand" in missing
    assert "run.ps1" not in caught + missing


async def test_an_error_may_have_any_characters(steps: Steps) -> None:
    result = await steps('Write-Error "a$([char]0x1e)b$([char]0x1f)c"; exit 3')

    assert "last error: weekly.ps1:1 abc" in result.message


async def test_of_many_errors_the_newest_are_kept(steps: Steps) -> None:
    await steps('foreach ($n in 1..300) { Write-Error "error $n" -ErrorAction SilentlyContinue }')

    records = [line for line in steps.details() if line.startswith("weekly.ps1:1 ")]
    assert len(records) == 20
    assert "error 300" in records[0]


async def test_a_secret_is_nowhere(steps: Steps) -> None:
    steps.settings = {"secret_env": ["PASSWORD"]}
    result = await steps('throw "no $env:PASSWORD"', env={"PASSWORD": "hunter2-hunter2"})

    assert "***" in result.message
    assert "hunter2" not in result.message + str(steps.logged.lines) + str(steps.details())


async def test_the_file_of_errors_is_private_to_the_step_and_gone(steps: Steps, tmp_path: Path) -> None:
    await steps('"[$env:RHYTHM_ERRORS]"; sh -c \'echo "[$RHYTHM_ERRORS]"\'; throw "x"')

    assert steps.logged.at("INFO") == ["[]", "[]"]
    assert not list(tmp_path.glob("rhythm-*"))


# What it prints


async def test_streams_have_their_levels_and_no_colours(steps: Steps) -> None:
    await steps(
        "$VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'\n"
        "Write-Verbose v; Write-Debug d; Write-Information i; Write-Warning w; Write-Progress p\n"
        'Write-Host h -ForegroundColor Red; "$($PSStyle.Foreground.Red)o$($PSStyle.Reset)"; Write-Error e'
    )

    assert [line for line in steps.logged.lines if "Exception" not in line[1]] == [
        ("INFO", "VERBOSE: v"),
        ("DEBUG", "DEBUG: d"),
        ("INFO", "i"),
        ("WARNING", "WARNING: w"),
        ("INFO", "h"),
        ("INFO", "o"),
        ("ERROR", "Write-Error: e"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_a_script_may_be_in_any_unicode(steps: Steps, encoding: str) -> None:
    await steps("'한글 é'; sh -c 'echo 한글'\r\n".encode(encoding))

    assert steps.logged.at("INFO") == ["한글 é", "한글"]


async def test_two_hundred_thousand_lines_are_read_to_the_end(steps: Steps) -> None:
    result = await steps("foreach ($n in 1..200000) { $n }; 'the end'")

    assert (result.outcome, result.message) == (Outcome.COMPLETED, "the end")
    assert steps.logged.at("INFO")[:3] == ["1", "2", "3"]


async def test_binary_output_is_no_error(steps: Steps) -> None:
    result = await steps(
        "$out = [Console]::OpenStandardOutput(); $out.Write([byte[]](0..255), 0, 256); $out.Flush(); 'after'"
    )

    assert (result.outcome, result.exit_code) == (Outcome.COMPLETED, 0)


# What it may ask, and read


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$ErrorActionPreference = 'Stop'; Read-Host 'Name'", "Read"),
        ("$ErrorActionPreference = 'Stop'; Remove-Item ./weekly.ps1 -Confirm", "NonInteractive"),
        ("$ErrorActionPreference = 'Stop'; Get-Credential", "Credential"),
    ],
)
async def test_a_question_fails_at_once(steps: Steps, text: str, reason: str) -> None:
    result = await steps(text)

    assert result.exit_code == 1
    assert reason in result.message


async def test_standard_input_is_at_its_end(steps: Steps) -> None:
    result = await steps('"[$([Console]::In.ReadToEnd())]"')

    assert result.message == "[]"


# Where it runs


async def test_no_profile_is_loaded(steps: Steps, shell: Shell) -> None:
    profile = Path(shell.env["HOME"], ".config", "powershell", "profile.ps1")
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text("'from the profile'", encoding="utf-8")

    await steps("'only this'")

    assert steps.logged.at("INFO") == ["only this"]


async def test_another_powershells_module_path_is_not_its_own(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSModulePath", "/another/powershell/Modules")

    await steps("$env:PSModulePath -match '/another/'; (Get-Command Get-Item).Source")

    assert steps.logged.at("INFO") == ["False", "Microsoft.PowerShell.Management"]


async def test_it_runs_in_the_steps_folder(steps: Steps, shell: Shell) -> None:
    (shell.scripts / "below").mkdir(exist_ok=True)

    await steps("(Get-Location).Path; $PSScriptRoot", cwd="below")

    assert steps.logged.at("INFO") == [str(shell.scripts / "below"), str(shell.scripts)]


async def test_numbers_are_written_as_the_machine_has_them(steps: Steps) -> None:
    await steps(
        "(Get-Date 2026-03-01).ToString('dddd')", env={"LANG": "ko_KR.UTF-8", "LC_ALL": "ko_KR.UTF-8"}
    )

    assert steps.logged.at("INFO") == ["일요일"]


# What it starts ends with it

PARAMETERS = "param($python, $sleeps, $family)\n"
STARTS = {
    "a program": "& $python $sleeps $family",
    "a program in the background": "Start-Process $python $sleeps, $family; Start-Sleep 100",
    "a program that is waited for": "Start-Process $python $sleeps, $family -Wait",
    "a job": "Start-Job { & $using:python $using:sleeps $using:family } | Receive-Job -Wait",
    "a thread job": "Start-ThreadJob { & $using:python $using:sleeps $using:family } | Receive-Job -Wait",
    "a runspace": (
        "$p = [powershell]::Create().AddScript('& $args[0] $args[1] $args[2]')\n"
        "foreach ($word in $python, $sleeps, $family) { $null = $p.AddArgument($word) }\n"
        "$null = $p.BeginInvoke(); Start-Sleep 100"
    ),
}
starts = pytest.mark.parametrize("text", STARTS.values(), ids=STARTS.keys())


def _words(family: Family) -> list[str]:
    return [sys.executable, str(SCRIPTS / "sleeps.py"), str(family.folder)]


@starts
async def test_all_that_a_script_starts_ends_with_its_cancellation(
    steps: Steps, family: Family, text: str
) -> None:
    running = asyncio.create_task(steps(PARAMETERS + text, *_words(family)))
    await soon(lambda: family.said("sleeping"), "the program")

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert not family.alive()


async def test_all_that_a_script_starts_ends_at_its_timeout(steps: Steps, family: Family) -> None:
    text = PARAMETERS + STARTS["a program in the background"]
    running = asyncio.create_task(steps(text, *_words(family), timeout="10s"))
    await soon(lambda: family.said("sleeping"), "the program")

    result = await running

    assert (result.outcome, result.exit_code) == (Outcome.TIMED_OUT, None)
    assert not family.alive()


async def test_all_that_a_script_starts_ends_when_its_owner_was_killed(
    steps: Steps, family: Family, shell: Shell
) -> None:
    path = shell.script(PARAMETERS + STARTS["a job"])
    owner = family.start("owns_a_program.py", str(steps.outputs), *shell.command(path, *_words(family)))
    await soon(lambda: family.said("sleeping"), "the program")

    owner.kill()
    owner.wait()

    assert await orphans.sweep(steps.outputs, grace=0.2) == ["owned"]
    assert not family.alive()


async def test_a_program_that_a_script_leaves_behind_holds_nothing_up(steps: Steps, family: Family) -> None:
    text = PARAMETERS + "$null = Start-Process $python $sleeps, $family -PassThru; 'done'"

    result = await steps(text, *_words(family))

    assert (result.outcome, result.message) == (Outcome.COMPLETED, "done")
