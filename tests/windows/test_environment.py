"""Variables of Windows' environment: PATH and Path are one."""

from __future__ import annotations

import pytest

from tasks.interpreters.command import environment
from tasks.redaction.redactor import redactor
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tests.windows.test_arguments import Scripts, scripts

__all__ = ["scripts"]


def test_a_script_is_given_a_variable_once_however_the_step_spells_it(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("Rhythm_Test_Where", "the machine")
    path = scripts.folder / "shows.py"
    path.write_text("import os; print(os.environ['RHYTHM_TEST_WHERE'])", encoding="utf-8")
    env = {"rhythm_test_where": "the step"}

    scripts.run(path.name, env=env)
    given = environment(StepSettings.model_validate({"run": [path.name], "env": env}), path)

    assert scripts.lines == ["the step"]
    assert [name for name in given if name.upper() == "RHYTHM_TEST_WHERE"] == ["rhythm_test_where"]


def test_a_secret_is_masked_however_its_variable_is_spelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Rhythm_Test_Token", "sesame-of-ours")
    groups = {"a": {"every": "5m", "steps": ["check_health"]}}
    names = ["rhythm_test_token", "Rhythm_Test_Other"]
    settings = Settings.model_validate({"groups": groups, "secret_env": names})

    redact = redactor(settings, {"RHYTHM_TEST_OTHER": "sesame-of-steps"})

    assert redact("sesame-of-ours, sesame-of-steps") == "***, ***"
