"""`rhythm beat` with a server of its own ends when that has written all steps, however many there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prefect import State

from deployments.cli import beat, in_process
from flows.report import BeatReport
from flows.rhythm import rhythm


async def test_a_beat_of_more_steps_than_a_page_of_prefects_has_is_seen_to_be_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prefect_api: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = ", ".join(f'{{ run = "gone.py", name = "step {number}" }}' for number in range(201))
    (tmp_path / "rhythm.toml").write_text(f'[groups.many]\nevery = "1d"\nsteps = [{steps}]\n')
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    monkeypatch.setattr(in_process, "_FLUSH", 120.0)  # a busy machine is no fault
    state: State[Any] = await rhythm(return_state=True)
    report = await state.aresult()
    assert isinstance(report, BeatReport)

    await beat._recorded(report)

    assert "has not written" not in capsys.readouterr().err
