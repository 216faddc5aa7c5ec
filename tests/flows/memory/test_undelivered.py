"""What is written down of a run's end counts until the server has it, and no longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from flows.decisions.group_runs import Run
from flows.decisions.steps import GroupRun
from flows.memory import undelivered
from tasks.outcome import Outcome

BEGAN = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENDED = BEGAN + timedelta(seconds=1)
WARNED = GroupRun(Outcome.COMPLETED, 1.0, (), "copy: exit code 24: some files vanished", has_warning=True)
AS_KEPT = Run(BEGAN, ENDED, Outcome.COMPLETED, fault=WARNED.message)


@pytest.fixture
def outputs_dir(tmp_path: Path) -> Path:
    assert undelivered.keep(tmp_path, str(uuid4()), "copies", BEGAN, ENDED, WARNED) == ""
    return tmp_path


@pytest.mark.parametrize(
    "at_the_server",
    [[], [Run(BEGAN)], [Run(BEGAN, ENDED + timedelta(minutes=2), Outcome.CRASHED)]],
    ids=["forgotten", "running", "crashed"],
)
def test_a_run_whose_end_the_server_does_not_have_is_as_it_was_written_down(
    outputs_dir: Path, at_the_server: list[Run]
) -> None:
    assert undelivered.known(outputs_dir, {"copies": at_the_server}) == {"copies": [AS_KEPT]}


def test_a_run_that_the_server_knows_began_when_the_server_says_before_its_end_is_known_and_after(
    outputs_dir: Path,
) -> None:
    theirs = Run(BEGAN - timedelta(seconds=1))

    (run,) = undelivered.known(outputs_dir, {"copies": [theirs]})["copies"]

    assert (run.started, run.ended, run.outcome) == (theirs.started, ENDED, Outcome.COMPLETED)


def test_a_run_whose_end_the_server_has_is_as_the_server_has_it(outputs_dir: Path) -> None:
    theirs = Run(
        BEGAN - timedelta(seconds=1), ENDED + timedelta(seconds=1), Outcome.COMPLETED, fault="theirs"
    )

    assert undelivered.known(outputs_dir, {"copies": [theirs]}) == {"copies": [theirs]}


def test_other_runs_and_groups_are_left_as_they_are(outputs_dir: Path) -> None:
    earlier = Run(BEGAN - timedelta(hours=1), BEGAN - timedelta(minutes=59), Outcome.FAILED)

    assert undelivered.known(outputs_dir, {"copies": [earlier], "others": [earlier]}) == {
        "copies": [earlier, AS_KEPT],
        "others": [earlier],
    }
