"""One step, run once and without Prefect: how it ended, what it said, and what it never says."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tasks.builtin.contract import Context, Report
from tasks.outcome import Outcome, StepFailedError, StepResult
from tasks.process import script
from tasks.process.process_tree import MARK
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tasks.step import run_step
from tasks.step_output import places, reading
from tasks.step_output.output_file import OutputFile
from tasks.step_output.places import Attempt
from tests.end_to_end.workspace import free_port
from tests.family import SCRIPTS, Family
from tests.waiting import LIMIT, soon


class Heard(logging.Handler):
    """Keeps what is logged, and lets the test answer at once."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []
        self.answer: Callable[[str], None] = lambda message: None

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append((record.levelname, record.getMessage()))
        self.answer(record.getMessage())

    @property
    def text(self) -> str:
        return "\n".join(message for _, message in self.said)


class Steps:
    """Runs single steps with the example scripts as `scripts_dir`."""

    def __init__(self, tmp_path: Path, family: Family) -> None:
        self.family = family
        self.tmp_path = tmp_path
        self.heard = Heard()
        self.log = logging.getLogger(f"rhythm.tests.{id(self)}")
        self.log.setLevel(logging.DEBUG)
        self.log.addHandler(self.heard)
        self.settings: dict[str, Any] = {}
        self.published: list[Report] = []
        self.emitted: list[tuple[str, str, Mapping[str, Any]]] = []

    async def __call__(self, *run: str, **options: Any) -> StepResult:
        """Run a step; a script is given the family's folder as its first argument."""
        step = StepSettings.model_validate({"run": list(run), **options})
        settings = Settings.model_validate(
            {
                "timezone": "UTC",
                "scripts_dir": SCRIPTS,
                "outputs_dir": self.tmp_path / "outputs",
                "groups": {"health_check": {"every": "10m", "steps": [step]}},
                **self.settings,
            }
        )
        now, publish = (lambda: datetime.now(UTC)), self.published.append

        def emit(name: str, about: str, payload: Mapping[str, Any]) -> None:
            self.emitted.append((name, about, payload))

        context = Context(settings, self.log, now, publish=publish, emit=emit, group="health_check")
        return await run_step(step, context)

    def folder(self, step: str) -> Path:
        return places.folder(self.tmp_path / "outputs", "health_check", step)

    def files(self, step: str) -> list[Path]:
        return sorted(self.folder(step.removesuffix(".py")).iterdir())

    def kept(self, step: str) -> list[reading.Line]:
        """Return what the file of the step's one run has."""
        (attempt,) = places.attempts(self.tmp_path / "outputs", "health_check", step)
        found = reading.lines(self.tmp_path / "outputs", attempt, lambda line, error: 20 + 10 * error)
        return [line for _, line in found]

    async def script(self, name: str, *words: str, **options: Any) -> StepResult:
        return await self(name, str(self.family.folder), *words, **options)


@pytest.fixture
def steps(tmp_path: Path, family: Family) -> Iterator[Steps]:
    found = Steps(tmp_path, family)
    yield found
    found.log.removeHandler(found.heard)


# Scripts


async def test_a_script_that_ends_with_0_is_completed_with_its_last_line(steps: Steps) -> None:
    result = await steps.script("prints.py", "0", b"first\nall is well\n".hex())

    assert (result.name, result.outcome, result.exit_code) == ("prints", Outcome.COMPLETED, 0)
    assert result.message == "all is well"
    assert steps.heard.said == [("INFO", "first"), ("INFO", "all is well")]


async def test_a_script_that_ends_with_another_code_is_failed_with_its_last_lines(steps: Steps) -> None:
    result = await steps.script("prints.py", "3", b"reading\nno such host\n".hex())

    assert (result.outcome, result.exit_code) == (Outcome.FAILED, 3)
    assert result.message == "exit code 3: no such host\nreading\nno such host"
    assert (result.reason, result.fault) == ("exit code 3: no such host",) * 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to die of")
async def test_a_script_that_dies_of_a_signal_is_failed(steps: Steps) -> None:
    result = await steps("dies.sh")

    assert (result.outcome, result.exit_code) == (Outcome.FAILED, -9)


async def test_what_a_script_says_on_standard_error_is_a_warning(steps: Steps) -> None:
    await steps.script("floods.py", "1", "20", "2")

    assert steps.heard.said == [("WARNING", "00000000 " + "x" * 10)]


async def test_a_hung_script_is_timed_out_and_gone(steps: Steps) -> None:
    result = await steps.script("hangs.py", timeout="2s")

    assert (result.outcome, result.exit_code) == (Outcome.TIMED_OUT, None)
    assert result.message.startswith("ended after its timeout of 2 s")
    assert not steps.family.alive()


async def test_lines_are_heard_while_the_script_runs(steps: Steps) -> None:
    steps.heard.answer = lambda message: steps.family.tell("heard")

    result = await steps.script("waits_to_be_heard.py")

    assert (result.outcome, result.message) == (Outcome.COMPLETED, "can you hear me?")


async def test_of_many_lines_the_log_has_the_first_and_the_last_and_where_all_are(steps: Steps) -> None:
    await steps.script("floods.py", "60000", "20", "1")

    said = [message for _, message in steps.heard.said]
    assert len(said) == 501
    assert [message[:8] for message in said[:100]] == [f"{number:08d}" for number in range(100)]
    assert [message[:8] for message in said[101:]] == [f"{number:08d}" for number in range(59600, 60000)]
    (file,) = steps.files("floods.py")
    assert said[100].startswith("… 59,500 lines are not shown here; all are in ")
    assert said[100].endswith(f"{file}: rhythm logs health_check/floods")
    assert [line.text[:8] for line in steps.kept("floods")[:-1]] == [f"{n:08d}" for n in range(60000)]


async def test_errors_come_before_other_lines_when_lines_are_left_out(steps: Steps) -> None:
    steps.settings["log_lines"] = 10

    await steps("floods_with_errors.py")

    said = steps.heard.said
    assert [message for level, message in said if level == "WARNING"] == ["error 1", "error 2"]
    assert len(said) == 11
    assert said[-1] == ("INFO", "line 1999")


# The file of a run


async def test_everything_that_a_script_prints_is_kept_and_compressed(steps: Steps) -> None:
    long = "x" * 12_000  # which Windows still takes as an argument
    await steps.script("prints.py", "3", f"one\n\n{long}\nlast".encode().hex())

    *lines, verdict = steps.kept("prints")
    assert [(line.level, line.text) for line in lines] == [
        (logging.INFO, "one"),
        (logging.INFO, ""),
        (logging.INFO, long),
        (logging.INFO, "last"),
    ]
    assert verdict.level == logging.ERROR
    assert re.fullmatch(r"failed after \d+\.\d s: exit code 3: last", verdict.text)
    assert [file.suffixes[-2:] for file in steps.files("prints")] == [[".log", ".gz"]]


async def test_the_file_of_a_cancelled_step_is_complete(steps: Steps) -> None:
    running = asyncio.create_task(steps.script("hangs.py"))
    await soon(lambda: steps.family.said("grandchild"), "the script")

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert steps.kept("hangs")[-1].text.startswith("cancelled after ")


async def test_a_file_has_no_secrets(steps: Steps) -> None:
    steps.settings["secret_env"] = ("RHYTHM_TEST_STEPS",)
    env = {"RHYTHM_TEST_STEPS": "sesame of steps"}

    await steps.script("shows.py", "RHYTHM_TEST_STEPS", env=env)
    await steps.script("floods.py", "2000", "20", "1", env={"RHYTHM_TEST_STEPS": "00000777 xxxxxxxxxx"})

    assert "RHYTHM_TEST_STEPS=***" in [line.text for line in steps.kept("shows")]
    assert [line.text for line in steps.kept("floods")][776:779] == [
        "00000776 xxxxxxxxxx",
        "***",
        "00000778 xxxxxxxxxx",
    ]


async def test_what_a_built_in_logs_is_kept(
    steps: Steps, built_in: Callable[[Callable[..., str]], None]
) -> None:
    def main(argv: list[str], context: Context) -> str:
        context.log.warning("two\nlines")
        raise StepFailedError("the disk is full")

    built_in(main)

    await steps("check_health")

    *lines, verdict = steps.kept("check_health")
    assert [(line.level, line.text) for line in lines] == [
        (logging.WARNING, "two"),
        (logging.WARNING, "lines"),
    ]
    assert verdict.text.startswith("failed after ")
    assert verdict.text.endswith(": the disk is full")


async def test_one_run_may_print_a_tenth_of_what_is_kept_and_its_last_lines(steps: Steps) -> None:
    steps.settings |= {"keep_output_size": "200kB", "log_lines": 10}

    result = await steps.script("floods.py", "20000", "20", "1")

    texts = [line.text[:8] for line in steps.kept("floods")]
    assert result.outcome is Outcome.COMPLETED
    assert texts[0] == "00000000"
    assert 100 < len(texts) < 1000
    assert texts[-2] == "00019999"
    assert "the first of them are in" in steps.heard.text


async def test_a_folder_that_cannot_be_written_stops_no_script(steps: Steps) -> None:
    (steps.tmp_path / "outputs").mkdir()
    (steps.tmp_path / "outputs" / "steps").write_text("in the way")

    result = await steps.script("prints.py", "0", b"all is well".hex())

    assert (result.outcome, result.message) == (Outcome.COMPLETED, "all is well")
    (warning,) = [message for level, message in steps.heard.said if level == "WARNING"]
    assert warning.startswith("its output is not kept whole: ")
    assert str(steps.tmp_path / "outputs" / "steps") in warning


async def test_a_file_that_has_been_kept_for_long_is_deleted(steps: Steps) -> None:
    old = Attempt(datetime.now(UTC) - timedelta(days=31), "health_check", "gone", "", 1)
    young = Attempt(datetime.now(UTC) - timedelta(days=29), "health_check", "gone", "", 1)
    for attempt in (old, young):
        file = OutputFile(steps.folder("gone") / attempt.stem, 100, lambda: datetime.now(UTC))
        file.write(["line"], "out")
        file.finish()

    await steps.script("prints.py", "0", b"all is well".hex())

    assert [file.name for file in steps.files("gone")] == [f"{young.stem}.log.gz"]


async def test_a_missing_script_is_skipped_with_a_warning(steps: Steps) -> None:
    result = await steps("gone.py")

    assert (result.outcome, result.exit_code) == (Outcome.SKIPPED, None)
    assert "gone.py" in result.message
    assert [level for level, _ in steps.heard.said] == ["WARNING"]


async def test_a_missing_script_that_is_optional_is_skipped_quietly(steps: Steps) -> None:
    assert (await steps("gone.py", optional=True)).outcome is Outcome.SKIPPED
    assert steps.heard.said == []


async def test_a_step_with_an_unknown_variable_is_refused_by_its_name(steps: Steps) -> None:
    result = await steps("appends.py", env={"TARGET": "${NOBODY_HAS_SET_THIS}"})

    assert result.outcome is Outcome.FAILED
    assert result.message.startswith("cannot be started: ")
    assert "NOBODY_HAS_SET_THIS" in result.message


async def test_a_script_outside_the_wall_is_refused(steps: Steps) -> None:
    result = await steps("../waiting.py")

    assert result.outcome is Outcome.FAILED
    assert "leads out of" in result.message
    assert "Traceback" not in result.message + steps.heard.text


async def test_a_program_that_the_system_cannot_start_fails_with_a_clear_message(
    steps: Steps, tmp_path: Path
) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"\x00\x01\x02")
    junk.chmod(0o755)
    steps.settings["scripts_dir"] = tmp_path

    result = await steps("./junk")

    assert (result.outcome, result.exit_code) == (Outcome.FAILED, None)
    assert result.message.startswith("cannot be started: ")
    assert "junk" in result.message
    assert "Traceback" not in result.message + steps.heard.text


async def test_a_script_for_which_no_file_can_be_opened_fails_with_a_remedy(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(*_: Any, **__: Any) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(script, "run", run)

    result = await steps.script("prints.py", "0")

    assert result.outcome is Outcome.FAILED
    assert result.message.startswith(f"cannot be started: [Errno {errno.EMFILE}]")
    assert "raise its limit (`ulimit -n`)" in result.message


async def test_a_missing_working_directory_fails_with_a_message_that_names_it(steps: Steps) -> None:
    result = await steps.script("prints.py", "0", cwd="nowhere")

    assert result.outcome is Outcome.FAILED
    assert "nowhere" in result.message


async def test_an_impossible_environment_fails_with_a_clear_message(steps: Steps) -> None:
    result = await steps.script("prints.py", "0", env={"A": "b\0c"})

    assert result.outcome is Outcome.FAILED
    assert result.message.startswith("cannot be started: ")


# What a script is given


async def test_the_steps_own_environment_wins(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RHYTHM_TEST_WHO", "the machine")
    monkeypatch.setenv("RHYTHM_TEST_WHERE", "here")

    await steps.script(
        "shows.py", "RHYTHM_TEST_WHO", "RHYTHM_TEST_WHERE", env={"RHYTHM_TEST_WHO": "the step"}
    )

    assert "RHYTHM_TEST_WHO=the step" in steps.heard.text
    assert "RHYTHM_TEST_WHERE=here" in steps.heard.text


async def test_what_prefect_hands_its_own_processes_is_not_handed_down(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", "123")

    result = await steps.script("shows.py", "PREFECT__FLOW_RUN_ID")

    assert result.message == "PREFECT__FLOW_RUN_ID=None"


async def test_every_run_of_a_step_has_a_mark_of_its_own(steps: Steps) -> None:
    marks = {(await steps.script("shows.py", MARK)).message for _ in range(2)}

    assert len(marks) == 2
    assert f"{MARK}=None" not in marks


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has classes of priority; its job objects' tests look"
)
async def test_a_script_runs_with_the_priority_of_its_group(steps: Steps, tmp_path: Path) -> None:
    (tmp_path / "nice.py").write_text("import os; print(os.nice(0))")
    steps.settings["scripts_dir"] = tmp_path
    steps.settings["groups"] = {"health_check": {"every": "10m", "priority": "low", "steps": ["nice.py"]}}

    assert (await steps("nice.py")).message == "10"


# Secrets


@pytest.mark.parametrize("name", ["RHYTHM_TEST_OURS", "RHYTHM_TEST_STEPS"])
async def test_a_secret_reaches_neither_log_nor_message(
    steps: Steps, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("RHYTHM_TEST_OURS", "sesame-of-ours")
    steps.settings["secret_env"] = ("RHYTHM_TEST_OURS", "RHYTHM_TEST_STEPS")

    result = await steps.script("shows.py", name, env={"RHYTHM_TEST_STEPS": "sesame-of-steps"})

    assert result.message == f"{name}=***"
    assert steps.heard.said == [("INFO", f"{name}=***"), ("WARNING", f"{name}=***")]


async def test_the_value_of_a_header_reaches_neither_log_nor_report(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_TEST_TOKEN", "127.0.0.1")  # as if it were one: every error holds it
    steps.settings["endpoints"] = [
        {
            "name": "gone",
            "url": f"http://127.0.0.1:{free_port()}/",
            "headers": {"Authorization": "Bearer ${RHYTHM_TEST_TOKEN}"},
        }
    ]

    result = await steps("check_health", "--fast")

    assert "gone is down" in result.message
    (report,) = steps.published
    assert "| gone | down |" in report.text
    assert "127.0.0.1" not in report.text + result.message + str(steps.heard.said)


async def test_a_secret_does_not_reach_the_tail_of_a_failure(steps: Steps) -> None:
    steps.settings["secret_env"] = ("RHYTHM_TEST_STEPS",)

    result = await steps.script("prints.py", "1", b"key=sesame".hex(), env={"RHYTHM_TEST_STEPS": "sesame"})

    assert result.message == "exit code 1: key=***"


async def test_a_secret_does_not_reach_the_message_of_a_step_that_cannot_be_started(steps: Steps) -> None:
    steps.settings["secret_env"] = ("RHYTHM_TEST_STEPS",)

    result = await steps.script("prints.py", "0", cwd="sesame", env={"RHYTHM_TEST_STEPS": "sesame"})

    assert "sesame" not in result.message
    assert "***" in result.message


async def test_a_secret_in_the_arguments_reaches_no_message(steps: Steps) -> None:
    steps.settings["secret_env"] = ("RHYTHM_TEST_STEPS",)
    env = {"RHYTHM_TEST_STEPS": "sesame of steps"}

    refused = await steps("../sesame of steps.py", env=env)
    missing = await steps("sesame of steps.py", env=env)
    unknown = await steps("check_health", "--token=sesame of steps", env=env)

    for result in (refused, missing, unknown):
        assert "***" in result.message
        assert "sesame" not in result.message
    assert "sesame" not in steps.heard.text


async def test_a_secret_that_the_environment_and_the_step_set_is_masked_in_both_values(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_TEST_BOTH", "sesame-of-ours")
    steps.settings["secret_env"] = ("RHYTHM_TEST_BOTH",)
    words = b"sesame-of-ours and sesame-of-steps".hex()

    result = await steps.script("prints.py", "0", words, env={"RHYTHM_TEST_BOTH": "sesame-of-steps"})

    assert result.message == "*** and ***"


async def test_what_a_script_prints_reaches_no_terminal_raw(steps: Steps) -> None:
    result = await steps.script("prints.py", "1", b"\x1b[31mred\x1b[0m \x1b]0;title\x07".hex())

    assert result.message == "exit code 1: red ␛]0;title␇"
    assert steps.heard.said == [("INFO", "red ␛]0;title␇")]


# Built-ins


@pytest.fixture
def built_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., str]], None]:
    """Puts a stand-in in the place of the built-in step check_health."""

    def stand_in(main: Callable[..., str]) -> None:
        module = ModuleType("tasks.builtin.check_health")
        vars(module)["main"] = main
        monkeypatch.setitem(sys.modules, "tasks.builtin.check_health", module)

    return stand_in


async def test_a_built_in_is_given_its_arguments_and_sums_itself_up(
    steps: Steps, built_in: Callable[[Callable[..., str]], None]
) -> None:
    def main(argv: list[str], context: Context) -> str:
        context.log.info("looking at %s", "everything")
        return f"{' '.join(argv)} in {context.settings.timezone}"

    built_in(main)

    result = await steps("check_health", "--fast")

    assert (result.outcome, result.message, result.exit_code) == (Outcome.COMPLETED, "--fast in UTC", None)
    assert steps.heard.said == [("INFO", "looking at everything")]


async def test_a_built_in_that_finds_something_wrong_is_failed_with_its_words(
    steps: Steps, built_in: Callable[[Callable[..., str]], None]
) -> None:
    def main(argv: list[str], context: Context) -> str:
        raise StepFailedError("the disk is full")

    built_in(main)

    result = await steps("check_health")

    assert (result.outcome, result.message) == (Outcome.FAILED, "the disk is full")


async def test_a_built_in_that_raises_is_failed_and_its_traceback_is_logged_once(
    steps: Steps, built_in: Callable[[Callable[..., str]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_TEST_OURS", "sesame-of-ours")
    steps.settings["secret_env"] = ("RHYTHM_TEST_OURS",)

    def main(argv: list[str], context: Context) -> str:
        raise KeyError("no sesame-of-ours here\x07")

    built_in(main)

    result = await steps("check_health")

    assert (result.outcome, result.message) == (Outcome.FAILED, "KeyError: 'no *** here\\x07'")
    ((level, message),) = steps.heard.said
    assert level == "ERROR"
    assert message.startswith("unexpected error\nTraceback (most recent call last)")
    assert message.endswith(result.message)


async def test_an_exception_without_words_is_named(
    steps: Steps, built_in: Callable[[Callable[..., str]], None]
) -> None:
    def main(argv: list[str], context: Context) -> str:
        raise RuntimeError

    built_in(main)

    assert (await steps("check_health")).message == "RuntimeError"


async def test_a_fault_of_ours_around_a_script_is_failed_too(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(*args: Any, **options: Any) -> None:
        raise RuntimeError("no such child")

    monkeypatch.setattr("tasks.process.script.run", run)

    result = await steps.script("prints.py", "0")

    assert (result.outcome, result.message) == (Outcome.FAILED, "RuntimeError: no such child")
    assert "Traceback" in steps.heard.text


async def test_reports_and_events_are_without_secrets_and_control_characters(
    steps: Steps, built_in: Callable[[Callable[..., str]], None]
) -> None:
    def main(argv: list[str], context: Context) -> str:
        context.publish(
            Report(
                "# sesame-own\n\n\x1b[1mbold\x1b[0m\x07",
                "a-key",
                "http://x/sesame-own",
                "so sesame-own\x9b2J",
            )
        )
        context.emit("rhythm.test", "endpoint/sesame-own", {"reason": ["sesame-own"], "seconds": 1.5})
        return "said sesame-own\x1b[2J"

    built_in(main)
    steps.settings["secret_env"] = ("RHYTHM_TEST_STEPS",)

    result = await steps("check_health", env={"RHYTHM_TEST_STEPS": "sesame-own"})

    assert steps.published == [Report("# ***\n\nbold␇", "a-key", "http://x/***", "so ***\\x9b2J")]
    assert steps.emitted == [("rhythm.test", "endpoint/***", {"reason": ["***"], "seconds": 1.5})]
    assert result.message == "said ***␛[2J"


async def test_a_built_in_that_hangs_is_timed_out(
    steps: Steps, built_in: Callable[[Callable[..., str]], None]
) -> None:
    released = threading.Event()

    def main(argv: list[str], context: Context) -> str:
        released.wait(LIMIT)
        return "too late"

    built_in(main)

    result = await steps("check_health", timeout="1s")

    released.set()
    assert result.outcome is Outcome.TIMED_OUT
    assert result.message == "ended after its timeout of 1 s"
