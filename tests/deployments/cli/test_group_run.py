"""How `rhythm run` reports what it ran."""

from __future__ import annotations

from typing import Any

import pytest
from prefect import State
from prefect.states import Cancelled, Completed, Crashed, Failed

from deployments.cli.group_run import Ended, Wanted
from flows.group import GroupOptions

BACKUP = Wanted("backup", GroupOptions())


@pytest.mark.parametrize(
    ("state", "outcome", "warning", "said"),
    [
        (Completed(), "completed", False, "backup completed after 2.0 s"),
        (
            Completed(name="Warning", message="copy: exit code 24"),
            "completed",
            True,
            "warning: backup completed (warning) after 2.0 s: copy: exit code 24",
        ),
        (
            Failed(message="copy: no space"),
            "failed",
            False,
            "error: backup failed after 2.0 s: copy: no space",
        ),
        (Failed(name="TimedOut", message="m"), "timed_out", False, "error: backup timed out after 2.0 s: m"),
        (Cancelled(message="by kim"), "cancelled", False, "error: backup cancelled after 2.0 s: by kim"),
        (Crashed(message="gone"), "crashed", False, "error: backup crashed after 2.0 s: gone"),
    ],
)
def test_a_run_is_reported_with_its_outcome_its_duration_and_what_is_wrong(
    state: State[Any], outcome: str, warning: bool, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = Ended.of(state, 2.0, (), None, by_worker=True)
    ended.show(BACKUP)

    found = ended.to_json(BACKUP)
    out, err = capsys.readouterr()
    assert (found["outcome"], found["warning"], found["by"]) == (outcome, warning, "worker")
    assert (out + err).strip() == said
