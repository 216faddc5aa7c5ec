"""What is known of groups for longer than Prefect keeps runs, on a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import VariableUpdate

from flows.decisions.cadence import decide
from flows.decisions.choice import Decision
from flows.decisions.group_runs import Run
from flows.decisions.situation import Situation
from flows.memory import group_memory, naming
from flows.memory.group_memory import Memory
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tests.flows.rhythms import rhythm

NOVEMBER = datetime(2026, 11, 29, 12, 0, 7, 250_000, tzinfo=UTC)
JANUARY = datetime(2027, 1, 1, 0, 5, tzinfo=UTC)


def made(name: str, **groups: dict[str, Any]) -> Settings:
    return rhythm(groups=groups).model_copy(update={"name": name})


async def remembered(settings: Settings, now: datetime, **runs: list[Run]) -> Memory:
    """What one beat knows, and keeps."""
    async with get_client() as client:
        memory = await group_memory.recall(client, settings, runs, now)
        await group_memory.keep(client, settings, memory)
    return memory


async def test_a_yearly_group_is_not_run_before_january_and_once_then_though_prefect_forgets(
    prefect_api: str,
) -> None:
    settings = made("yearly", tax={"every": "1 year"})

    def decided(memory: Memory, now: datetime, runs: list[Run]) -> tuple[Decision, str]:
        (choice,) = decide(Situation(settings, memory.completing({"tax": runs}), now, since=memory.since))
        return choice.decision, choice.reason

    first = await remembered(settings, NOVEMBER)
    assert decided(first, NOVEMBER, []) == (Decision.NOT_DUE, "first at Fri 01 Jan 00:00")
    again = await remembered(settings, NOVEMBER + timedelta(days=3))
    assert (again.since, again.is_new) == ({"tax": NOVEMBER.replace(microsecond=0)}, False)

    due = await remembered(settings, JANUARY)
    assert decided(due, JANUARY, []) == (Decision.RUN, "due since 00:00")
    ran = [Run(JANUARY, JANUARY + timedelta(seconds=9), Outcome.COMPLETED)]
    later = await remembered(settings, JANUARY + timedelta(minutes=5), tax=ran)
    assert later.is_new

    july = JANUARY + timedelta(days=190)
    assert decided(await remembered(settings, july), july, []) == (
        Decision.NOT_DUE,
        "ran at 2027-01-01 00:05",
    )
    next_year = datetime(2028, 1, 1, 0, 5, tzinfo=UTC)
    assert decided(await remembered(settings, next_year), next_year, [])[0] is Decision.RUN


async def test_a_group_that_runs_often_and_at_once_is_not_kept(prefect_api: str) -> None:
    settings = made("often", a={"every": "10m"}, b={"at": "03:00", "first_run": "now"})

    assert await remembered(settings, NOVEMBER) == Memory()
    async with get_client() as client:
        assert await client.read_variable_by_name(naming.variable(settings, "groups", "1")) is None


async def test_more_groups_than_one_variable_holds_are_kept_and_forgotten_with_rhythm_toml(
    prefect_api: str,
) -> None:
    many = {f"{'g' * 50}_{number:03}": {"at": "03:00"} for number in range(70)}
    settings = made("many", **many)

    await remembered(settings, NOVEMBER)
    known = await remembered(settings, JANUARY)
    assert (len(known.since), known.is_new) == (70, False)

    fewer = made("many", **dict(list(many.items())[:5]))
    assert (await remembered(fewer, JANUARY)).is_new
    assert not (await remembered(fewer, JANUARY)).is_new
    async with get_client() as client:
        assert await client.read_variable_by_name(naming.variable(settings, "groups_2")) is None


async def test_what_somebody_has_made_of_it_in_the_ui_is_no_error(prefect_api: str) -> None:
    settings = made("edited", a={"at": "03:00"})
    await remembered(settings, NOVEMBER)
    async with get_client() as client:
        name = naming.variable(settings, "groups", "1")
        for value in ("nonsense", {"a": 5}, {"a": {"since": "yesterday", "completed": None}}):
            await client.update_variable(VariableUpdate(name=name, value=value))

            assert (await remembered(settings, JANUARY)).since == {"a": JANUARY}
