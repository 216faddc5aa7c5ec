"""Days of real beats, without Prefect: they decide, and are recorded, as ever; what they run is made up.

Prefect's part is played here: it remembers what ran and what is paused, and its worker beats on time and
between others, and takes what is started in other lanes. The time is this module's.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock
from uuid import uuid4

import anyio.to_thread

from deployments.worker.extra_beat import is_wanted
from flows import cancellation, clock
from flows import rhythm as rhythm_module
from flows.decisions.cadence import after_run, choose_alone
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import Run
from flows.decisions.holds import NONE, Holds
from flows.decisions.situation import Situation
from flows.decisions.slots import next_beat
from flows.group import GroupOptions
from flows.memory.group_memory import Memory
from flows.report import GroupReport
from flows.rhythm import Beat, BeatOptions
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings
from tasks.store import journal
from tasks.store.measurements import GroupEvent, Reading, StepUsage
from tasks.store.version import FILE_NAME, TABLE

_LOG = logging.getLogger("recorded_days")


class RecordedDays:
    """A machine that runs a rhythm from `start` on. `ran` has what ran: a group, and from when to when.

    `seconds` is how long runs of a group take as a rule; one of `failing` in a hundred fails.
    """

    def __init__(
        self, settings: Settings, start: datetime, seconds: dict[str, float], seed: int = 1, failing: int = 10
    ) -> None:
        self.settings, self.now = settings, start
        self.holds: Holds = NONE
        self.stop_in: str | None = None
        """A group in whose next run somebody stops the beat."""
        self.others: dict[int, float] = {}
        """What others use of the CPU, in per cent, in an hour of the day; else 5."""
        self.ran: list[tuple[str, datetime, datetime]] = []
        self._seconds, self._failing, self._dice = seconds, failing, Random(seed)
        self._known: dict[str, list[Run]] = {name: [] for name in settings.groups}
        self._asked: list[tuple[datetime, str, bool]] = []
        self._running: list[tuple[datetime, str, Run, str]] = []
        self._is_wanted = False
        journal.write(settings)
        # While it is open, nobody who writes has to tidy up the file afterwards.
        self._open = sqlite3.connect(settings.outputs_dir / FILE_NAME)
        self._open.execute(f"SELECT * FROM {TABLE}").fetchall()  # noqa: S608 - our own name

    def until(self, end: datetime, force: Collection[str] = ()) -> None:
        """Beat on time until `end`; the first beat is forced to run the groups of `force`."""
        while True:
            scheduled = next_beat(self.now)
            if self._is_wanted:
                self._is_wanted = False
            elif (event := self._next_event()) and event < min(scheduled, end):
                self._pass(event)
                continue
            elif scheduled >= end:
                self.now = end
                return
            else:
                self._pass(scheduled + timedelta(seconds=self._dice.uniform(0.05, 1.5)))
                self._is_wanted = False
            self._beat(force)
            force = ()

    def manual(self, group: str) -> None:
        """Run a group manually, now."""
        self._begin_beside(group, "manually")

    def _beat(self, force: Collection[str]) -> None:
        began = self.now
        asyncio.run(self._beaten(BeatOptions(force=list(force))))
        self._is_wanted |= is_wanted(MAIN, began, self.now)

    async def _beaten(self, options: BeatOptions) -> None:
        async def nothing(*given: Any) -> None:
            return None

        async def no_failures(*given: Any) -> tuple[()]:
            return ()

        async def past(*given: Any) -> dict[str, list[Run]]:
            return {name: list(runs) for name, runs in self._known.items()}

        async def memory(*given: Any) -> Memory:
            return Memory()

        async def holds(*given: Any) -> Holds:
            return self.holds

        async def start(
            client: Any, settings: Settings, group: str, beat: Any, options: GroupOptions
        ) -> None:
            self._known[group].append(Run(self.now, has_begun=False))
            taken_up = self.now + timedelta(seconds=self._dice.uniform(0.5, 8))
            self._asked.append((taken_up, group, options.if_due))

        def reading(*given: Any) -> Reading:
            at = given[-1]
            hour = at.astimezone(self.settings.zone).hour
            return Reading(at, others=self.others.get(hour, 5.0), of_beat=True)

        async def sleep(seconds: float) -> None:
            self._pass(self.now + timedelta(seconds=seconds))

        @asynccontextmanager
        async def lock(*given: Any, **more: Any) -> AsyncIterator[bool]:
            yield not any(self.settings.groups[group].lane == MAIN for _, group, _, _ in self._running)

        module: Any = rhythm_module
        replaced = [
            (clock, "now", lambda: self.now),
            (module, "monotonic", lambda: self.now.timestamp()),
            (module, "get_run_logger", lambda: _LOG),
            (module, "flow_run", SimpleNamespace(id=str(uuid4()))),
            (module, "beat_lock", lock),
            (module, "repair", nothing),
            (module, "_run", self._run),
            (module.history, "in_slots", past),
            (module.group_memory, "recall", memory),
            (module.group_memory, "keep", nothing),
            (module.hold_variables, "read", holds),
            (module.hold_variables, "clear_past", nothing),
            (module.lane_failures, "since_last_beat", no_failures),
            (module.lanes, "start", start),
            (
                module.readings.meter,
                "METER",
                SimpleNamespace(look=lambda folder: None, since=reading, since_sample=reading),
            ),
            (module.readings, "anyio", SimpleNamespace(sleep=sleep, to_thread=anyio.to_thread)),
        ]
        with ExitStack() as stack:
            for target, name, value in replaced:
                stack.enter_context(mock.patch.object(target, name, value))
            cancellation.cancellation.set(cancellation.Cancellation())
            own_run = SimpleNamespace(deployment_id=uuid4())
            await Beat(cast(Any, None), self.settings, options, cast(Any, own_run)).run()

    async def _run(self, client: Any, choice: Choice, situation: Situation, *, if_due: bool) -> GroupReport:
        """Run a group in a beat: its time passes, and in other lanes goes on what there is."""
        name = choice.group
        self._pass(self.now + timedelta(seconds=self._dice.uniform(0.1, 2)))
        run = self._lasting(name)
        self._known[name].append(Run(run.started))
        assert run.ended
        self._pass(run.ended)
        self._known[name][-1] = run
        if name == self.stop_in:
            self.stop_in = None
            cancellation.current().reason = "stopped"
        self._use(name, run)
        at_its_end = Situation(situation.settings, situation.history, self.now, holds=situation.holds)
        return GroupReport(after_run(choice, run, at_its_end), run.started, run.seconds)

    def _lasting(self, name: str) -> Run:
        """Return a run that begins now."""
        seconds = self._seconds[name] * self._dice.lognormvariate(0, 0.3)
        fails = self._dice.randrange(100) < self._failing or name == self.stop_in
        ended = self.now + timedelta(seconds=seconds)
        self.ran.append((name, self.now, ended))
        return Run(self.now, ended, Outcome.FAILED if fails else Outcome.COMPLETED)

    def _begin_beside(self, name: str, reason: str) -> None:
        """Begin a run in its lane, beside the beats."""
        run = self._lasting(name)
        assert run.ended
        self._known[name].append(Run(run.started))
        self._running.append((run.ended, name, run, reason))

    def _next_event(self) -> datetime | None:
        """Return when the next run begins or ends beside the beats."""
        return min([*(each[0] for each in self._asked), *(each[0] for each in self._running)], default=None)

    def _pass(self, time: datetime) -> None:
        """Let time pass, and happen what happens beside the beats."""
        while (event := self._next_event()) and event <= time:
            self.now = max(self.now, event)
            for asked in [each for each in self._asked if each[0] <= event]:
                self._asked.remove(asked)
                self._taken_up(*asked[1:])
            for running in [each for each in self._running if each[0] <= event]:
                self._running.remove(running)
                self._ended(*running[1:])
        self.now = max(self.now, time)

    def _taken_up(self, name: str, if_due: bool) -> None:
        self._known[name] = [run for run in self._known[name] if run.has_begun]
        situation = Situation(self.settings, self._known, self.now, holds=self.holds)
        again = choose_alone(name, situation, {})
        if again.decision is Decision.RUN or not if_due:
            self._begin_beside(name, again.reason if if_due else "manually")

    def _ended(self, name: str, run: Run, reason: str) -> None:
        self._known[name] = [run if run.started == each.started else each for each in self._known[name]]
        event = GroupEvent(run.started, name, "run", reason, run.outcome, run.seconds)
        journal.write(self.settings, [event])
        self._use(name, run)
        self._is_wanted |= is_wanted(self.settings.groups[name].lane, run.started, self.now)

    def _use(self, name: str, run: Run) -> None:
        assert run.outcome
        assert run.seconds is not None
        used = StepUsage(run.started, name, "step", 1, run.outcome, run.seconds, run.seconds / 2, None)
        journal.write(self.settings, steps=[used])
