"""Variables of Windows' environment: PATH and Path are one."""

from __future__ import annotations

import json

import pytest

from tasks.redaction import redactor
from tasks.settings import Settings
from tests.windows.test_arguments import Scripts, scripts

__all__ = ["scripts"]

SHOWS = """
import json, os, subprocess
block = subprocess.run("set", shell=True, capture_output=True, text=True).stdout.splitlines()
print("ENV" + json.dumps([line for line in block if line.upper().startswith("RHYTHM_TEST_")]))
"""


def test_a_script_is_given_a_variable_once_however_the_step_spells_it(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("Rhythm_Test_Where", "the machine")
    (scripts.folder / "shows.py").write_text(SHOWS, encoding="utf-8")

    scripts.run("shows.py", env={"rhythm_test_where": "the step"})

    (line,) = [line for line in scripts.lines if line.startswith("ENV")]
    assert [found.split("=")[1] for found in json.loads(line[3:])] == ["the step"]


def test_a_secret_is_masked_however_its_variable_is_spelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Rhythm_Test_Token", "sesame-of-ours")
    groups = {"a": {"every": "5m", "steps": ["check_health"]}}
    names = ["rhythm_test_token", "Rhythm_Test_Other"]
    settings = Settings.model_validate({"groups": groups, "secret_env": names})

    redact = redactor(settings, {"RHYTHM_TEST_OTHER": "sesame-of-steps"})

    assert redact("sesame-of-ours, sesame-of-steps") == "***, ***"
