"""The last runs that are known without Prefect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.decisions.choice import Decision
from flows.decisions.group_runs import Run
from flows.memory.remembered import last_runs
from tasks.outcome import Outcome
from tasks.store.measurements import GroupEvent
from tasks.store.store import store_of
from tests.flows.rhythms import rhythm

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_the_last_run_of_each_group_is_known(tmp_path: Path) -> None:
    settings = rhythm(groups={"a": {"every": "1h"}, "b": {"every": "1h"}}).model_copy(
        update={"outputs_dir": tmp_path}
    )

    def event(minutes: int, group: str, decision: Decision, outcome: Outcome | None = None) -> GroupEvent:
        at = NOON - timedelta(minutes=minutes)
        return GroupEvent(at, group, decision.value, "", outcome, 60.0 if outcome else None)

    assert last_runs(settings, NOON) == {}
    with store_of(settings) as store:
        store.add_decisions(
            [
                event(300, "a", Decision.RUN, Outcome.COMPLETED),
                event(120, "a", Decision.RUN, Outcome.FAILED),
                event(60, "a", Decision.WAITS),
                event(60, "gone", Decision.RUN, Outcome.COMPLETED),
            ]
        )

    at = NOON - timedelta(minutes=120)
    assert last_runs(settings, NOON) == {"a": Run(at, at + timedelta(minutes=1), Outcome.FAILED)}
