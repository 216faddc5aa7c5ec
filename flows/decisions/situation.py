"""All that a beat decides by, as one value: settings, what ran, the time, what people and load ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from flows.decisions import timestamps
from flows.decisions.group_runs import History, Run, in_slot
from flows.decisions.holds import NONE, Holds
from flows.decisions.load import UNKNOWN, Load
from flows.decisions.slots import Slot, slot_at
from tasks.settings.rhythm_toml import Settings

#: Since when there are groups whose first run is at their first time: what was due before is not made up. Of
#: one that is not in it, that does not matter.
Since = Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Situation:
    """What decisions rest on, at the time `now` (aware).

    `force` has groups that are to run, due or not. `held_by` names what else is running in the lane `main`,
    if anything is. `apart`: groups of other lanes are only started; else they are run, one after the other,
    as those of `main` are. `holds` is what a person has paused or left out; `load` what is known of the
    machine's load.
    """

    settings: Settings
    history: History
    now: datetime
    force: Collection[str] = ()
    held_by: str | None = None
    apart: bool = True
    holds: Holds = NONE
    since: Since = field(default_factory=dict)
    load: Load = UNKNOWN

    def slot(self, name: str) -> Slot:
        """Return the slot of the group `name` that it is now."""
        return slot_at(self.settings.groups[name], self.now, self.settings.zone)

    def runs(self, name: str) -> list[Run]:
        """Return the group's ended runs that count for this slot, oldest first."""
        return in_slot(name, self.settings, self.history, self.now)

    def clock(self, time: datetime) -> str:
        """Return a time as people read it now, in the rhythm's zone."""
        return timestamps.clock(time, self.settings.zone, self.now)

    def with_run(self, name: str, run: Run) -> Situation:
        """Return the situation in which the group has this run as well."""
        return replace(self, history={**self.history, name: [*self.history.get(name, ()), run]})
