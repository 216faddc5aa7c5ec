"""What fails in another lane degrades the next beat, and no other: on a real Prefect server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from prefect import State
from prefect.client.orchestration import get_client
from prefect.states import Crashed, Running

from flows.group import GroupOptions, group_flow
from flows.report import BeatReport
from flows.rhythm import BeatOptions, rhythm

Beat = Callable[..., Awaitable[BeatReport]]

#: A rhythm of its own, so that no other test's beats come between. The failing group is given up at once.
RHYTHM = """
name = "{0}"
[groups.{0}_backup]
every = "1d"
lane = "long"
attempts = 1
steps = ["fails.py"]
[groups.{0}_health]
every = "1d"
steps = ["passes.py"]
"""


@pytest.fixture
def beat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str) -> Beat:
    """Beat once, without a worker."""
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "fails.py").write_text("raise SystemExit(3)")
    (tmp_path / "scripts" / "passes.py").write_text("")

    async def once(**options: object) -> BeatReport:
        state: State[Any] = await rhythm(BeatOptions.model_validate(options), return_state=True)
        report = await state.aresult(raise_on_failure=False)
        assert isinstance(report, BeatReport), state
        return report

    return once


def failed(report: BeatReport) -> list[tuple[str, str]]:
    return [(failure.group, failure.outcome.value) for failure in report.lane_failures]


async def test_what_fails_in_another_lane_degrades_the_next_beat_and_only_that(
    beat: Beat, tmp_path: Path
) -> None:
    (tmp_path / "rhythm.toml").write_text(RHYTHM.format("apart"))
    state = await group_flow("apart_backup")(GroupOptions(), return_state=True)
    assert state.is_failed()

    would = await beat(dry_run=True)  # which is no beat: it only says what one would do
    first = await beat()
    second = await beat()

    assert failed(would) == failed(first) == [("apart_backup", "failed")]
    assert first.outcome == "degraded"
    assert first.summary.startswith("apart_backup: failed at ")
    assert (failed(second), second.outcome) == ([], "completed")


async def test_a_crashed_run_that_a_person_started_counts_as_well(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "rhythm.toml").write_text(RHYTHM.format("crashes"))
    async with get_client() as client:
        run = await client.create_flow_run(group_flow("crashes_backup"), state=Running())
        await client.set_flow_run_state(run.id, Crashed(), force=True)

    assert failed(await beat()) == [("crashes_backup", "crashed")]
    assert failed(await beat()) == []


async def test_what_a_beat_has_run_itself_it_reports_as_its_own(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "rhythm.toml").write_text(RHYTHM.format("itself"))

    first = await beat()
    second = await beat()

    assert (failed(first), first.outcome) == ([], "degraded")
    assert (failed(second), second.outcome) == ([], "completed")
