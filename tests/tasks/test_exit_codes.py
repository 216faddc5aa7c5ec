"""What a script's exit code means for its step, and what of a failed script is its reason."""

from __future__ import annotations

import logging
import sys
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.outcome import Outcome
from tasks.settings.steps import StepSettings
from tests.tasks.test_step import Steps
from tests.tasks.test_step import steps as steps

CODES: dict[str, Any] = {"ok_codes": [0, 1, 200], "warn_codes": [24], "skip_codes": [75]}


def write(steps: Steps, name: str, text: str) -> None:
    """Make a script, and its folder that of the scripts."""
    folder = steps.tmp_path / "scripts"
    folder.mkdir()
    (folder / name).write_text(text, encoding="utf-8")
    steps.settings["scripts_dir"] = folder


@pytest.mark.parametrize(
    ("code", "outcome", "label", "message", "fault"),
    [
        ("0", Outcome.COMPLETED, "completed", "copied", ""),
        ("1", Outcome.COMPLETED, "completed", "exit code 1: copied", ""),
        ("200", Outcome.COMPLETED, "completed", "exit code 200: copied", ""),
        ("24", Outcome.COMPLETED, "completed (warning)", "exit code 24: copied", "exit code 24: copied"),
        ("75", Outcome.SKIPPED, "skipped", "exit code 75: copied", ""),
        ("3", Outcome.FAILED, "failed", "exit code 3: copied", "exit code 3: copied"),
    ],
)
async def test_an_exit_code_means_what_the_step_says(
    steps: Steps, code: str, outcome: Outcome, label: str, message: str, fault: str
) -> None:
    result = await steps.script("prints.py", code, b"copied".hex(), **CODES)

    assert (result.outcome, result.label, result.message) == (outcome, label, message)
    assert (result.fault, result.exit_code) == (fault, int(code))
    assert not result.did_nothing
    level = {"failed": logging.ERROR, "completed (warning)": logging.WARNING}.get(label, logging.INFO)
    verdict = steps.kept("prints")[-1]
    assert (verdict.level, verdict.text.startswith(f"{label} after ")) == (level, True)


async def test_without_codes_0_alone_is_success(steps: Steps) -> None:
    assert (await steps.script("prints.py", "1")).outcome is Outcome.FAILED


async def test_the_list_is_all_that_means_success(steps: Steps) -> None:
    assert (await steps.script("prints.py", "0", ok_codes=[1])).outcome is Outcome.FAILED


async def test_a_script_that_ended_well_by_its_code_may_leave_something_running(steps: Steps) -> None:
    write(
        steps,
        "leaves.py",
        "import subprocess, sys\n"
        "words = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "none = subprocess.DEVNULL\n"
        "print(subprocess.Popen(words, stdin=none, stdout=none, stderr=none).pid)\n"
        "sys.exit(7)\n",
    )

    result = await steps("leaves.py", ok_codes=[7])

    process = psutil.Process(int(result.message.rpartition(" ")[2]))
    assert process.is_running()
    process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to die of")
async def test_a_signal_may_be_written_as_a_shell_shows_it(steps: Steps) -> None:
    assert (await steps("dies.sh", ok_codes=[0, 137])).outcome is Outcome.COMPLETED
    assert (await steps("dies.sh", ok_codes=[0, -9])).outcome is Outcome.COMPLETED
    assert (await steps("dies.sh", ok_codes=[0, 9])).outcome is Outcome.FAILED


@given(st.integers(-(2**31), 2**32 - 1))
def test_a_code_of_32_bits_is_known_with_its_sign_and_without(code: int) -> None:
    step = StepSettings.model_validate({"run": "a.py", "warn_codes": [code]})

    assert step.meaning(code if code < 2**31 else code - 2**32) == "warn"


def test_a_code_has_one_meaning_the_default_giving_way() -> None:
    assert StepSettings.model_validate({"run": "a.py", "skip_codes": [0]}).meaning(0) == "skip"
    with pytest.raises(ValidationError, match="has 1, which is in `skip_codes` as well"):
        StepSettings.model_validate({"run": "a.py", "ok_codes": [0, 1], "skip_codes": [1]})
    with pytest.raises(ValidationError, match="a built-in step has no exit code"):
        StepSettings.model_validate({"run": "check_health", "ok_codes": [0, 1]})


@pytest.mark.parametrize("code", [-(2**31) - 1, 2**32, 1.5, "0", True])
def test_a_code_is_a_whole_number_of_32_bits(code: object) -> None:
    with pytest.raises(ValidationError):
        StepSettings.model_validate({"run": "a.py", "ok_codes": [code]})


@pytest.mark.skipif(sys.platform != "win32", reason="POSIX has no such codes")
async def test_windows_own_codes_may_be_written_in_hex(steps: Steps) -> None:
    result = await steps.script("prints.py", "3221225786", ok_codes=[0xC000013A])

    assert result.outcome is Outcome.COMPLETED


# The reason


async def test_the_reason_is_the_exception_and_not_what_was_printed_before(steps: Steps) -> None:
    write(steps, "works.py", "print('working on it', flush=True)\nraise ValueError('no such host')\n")

    result = await steps("works.py")

    assert result.reason == "exit code 1: ValueError: no such host"
    assert "working on it" in result.message
    assert steps.kept("works")[-1].text.endswith(" s: exit code 1: ValueError: no such host")


async def test_what_stands_on_standard_error_comes_before_what_was_printed_last(steps: Steps) -> None:
    write(
        steps,
        "works.py",
        "import sys\nprint('disk full', file=sys.stderr, flush=True)\nprint('bye')\nsys.exit(4)\n",
    )

    assert (await steps("works.py")).reason == "exit code 4: disk full"


async def test_the_reason_of_a_timeout_is_the_timeout(steps: Steps) -> None:
    assert (await steps.script("hangs.py", timeout=2)).reason == "ended after its timeout of 2 s"


async def test_a_secret_is_in_no_reason(steps: Steps) -> None:
    write(steps, "fails.py", "import os, sys; sys.exit('bad key ' + os.environ['DB_PASSWORD'])")

    result = await steps("fails.py", env={"DB_PASSWORD": "sesame of steps"})

    assert result.message == "exit code 1: bad key ***"
