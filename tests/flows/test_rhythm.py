"""Whole beats on a real Prefect server, in this process: decisions, subflows, steps, and what they leave."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from prefect import State, flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactCollectionFilter,
    ArtifactCollectionFilterKey,
    FlowFilter,
    FlowFilterName,
)
from prefect.client.schemas.sorting import FlowRunSort
from prefect.flow_engine import run_flow
from prefect.runtime import flow_run
from prefect.states import Cancelling, Scheduled
from prefect.states import Running as RunningState

from flows import cancel_requests, clock, group_report
from flows import group as group_module
from flows.beat_note import BeatNote, read_note
from flows.decisions.choice import Decision
from flows.group import GroupOptions, group_flow
from flows.lock import beat_lock
from flows.memory import history
from flows.memory.events import events_of
from flows.memory.naming import flow_name
from flows.replay.recorded import Recorded, recorded_runs
from flows.replay.replay import replay, same_runs
from flows.report import BeatReport
from flows.rhythm import BeatOptions, rhythm
from tasks.machine_id import machine_id
from tasks.outcome import Outcome
from tasks.process.orphans import SCRIPTS, Running
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import GroupEvent
from tasks.store.store import store_of
from tests.flows.memory.test_stale import GONE, note_owner
from tests.waiting import soon

Beat = Callable[..., Awaitable[BeatReport]]


@pytest.fixture
def beat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str) -> Beat:
    """Beat once with a rhythm.toml of the test's own."""
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    (tmp_path / "scripts").mkdir(exist_ok=True)

    async def once(toml: str, **options: object) -> BeatReport:
        (tmp_path / "rhythm.toml").write_text(toml, encoding="utf-8")
        state: State[Any] = await rhythm(BeatOptions.model_validate(options), return_state=True)
        report = await state.aresult(raise_on_failure=False)
        assert isinstance(report, BeatReport), state
        idle = "Nothing due" if report.is_idle else "Completed"
        well = "Degraded" if report.outcome == "degraded" else idle
        assert state.name == ("DryRun" if options.get("dry_run") else well)
        return report

    return once


def outcomes(report: BeatReport) -> list[Outcome | Decision]:
    return [group.choice.outcome or group.choice.decision for group in report.groups]


def chain(prefix: str, first: str, rest: str = "fine.py") -> str:
    """Three groups, each after the one before it."""
    return f"""
        [groups.{prefix}_one]
        every = "1d"
        steps = [{first}]
        [groups.{prefix}_two]
        every = "1d"
        after = ["{prefix}_one"]
        steps = ["{rest}"]
        [groups.{prefix}_three]
        every = "1d"
        after = ["{prefix}_two"]
        steps = ["{rest}"]
    """


async def test_a_beat_that_is_started_a_little_early_waits_for_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str
) -> None:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    (tmp_path / "rhythm.toml").write_text('[groups.early]\nevery = "1d"\nsteps = ["check_health"]\n')
    async with get_client() as client:
        time = clock.now() + timedelta(seconds=0.49)  # from half a second on, Prefect itself waits
        run = await client.create_flow_run(rhythm, state=Scheduled(scheduled_time=time))

        ran = run_flow(rhythm, flow_run=run, return_type="state")
        state: State[Any] = await cast("Awaitable[State[Any]]", ran)

    report = await state.aresult()
    assert report.at >= time


async def test_a_failed_group_makes_the_others_wait_and_all_catch_up_in_the_next_beat(
    beat: Beat, tmp_path: Path
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    (tmp_path / "scripts" / "sick.py").write_text(
        "import os, sys; sys.exit(0 if os.path.exists('well') else 7)"
    )
    toml = chain("ill", '"sick.py"')

    ill = await beat(toml)

    assert outcomes(ill) == [Outcome.FAILED, Decision.WAITS, Decision.WAITS]
    assert ill.groups[0].steps[0].exit_code == 7
    assert "ill_one failed" in ill.groups[1].choice.reason
    assert "ill_two waits" in ill.groups[2].choice.reason

    (tmp_path / "scripts" / "well").touch()
    well = await beat(toml)

    assert outcomes(well) == [Outcome.COMPLETED] * 3
    assert "attempt 2 of 3" in well.groups[0].choice.reason
    assert outcomes(await beat(toml)) == [Decision.NOT_DUE] * 3

    # What happened is remembered, for the briefing: the runs by Prefect, …
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    runs = await asyncio.to_thread(events_of(config.load()), hour_ago)
    assert [run.outcome for run in runs if run.group == "ill_one"] == [Outcome.FAILED, Outcome.COMPLETED]
    # … and all that was decided, and what it cost, by the store.
    with store_of(config.load()) as store:
        decisions, steps = store.decisions(hour_ago), store.steps(hour_ago)
        beats, readings = store.beats(hour_ago), store.readings(hour_ago, of_beat=True)
    # (Of the third beat, with nothing to do, only that it was.)
    assert len(beats) == len(readings) == 3
    assert [beat.at for beat in beats] == [reading.at for reading in readings]
    assert {beat.note for beat in beats} == {None}
    exact = replay(config.load(), Recorded(beats, list(recorded_runs(decisions, steps))), exactly=True)
    assert same_runs(exact) == (4, 4)
    assert [(event.decision, event.outcome) for event in decisions if event.group == "ill_three"] == [
        ("waits", None),
        ("run", Outcome.COMPLETED),
    ]
    # (By its run's id, the dashboard leads to Prefect's page about it.)
    assert [bool(event.run_id) for event in decisions] == [event.decision == "run" for event in decisions]
    assert [(step.group, step.step, step.attempt, step.outcome.value) for step in steps] == [
        ("ill_one", "sick", 1, "failed"),
        ("ill_one", "sick", 1, "completed"),
        ("ill_two", "fine", 1, "completed"),
        ("ill_three", "fine", 1, "completed"),
    ]


async def test_a_group_runs_after_what_it_names_though_rhythm_toml_has_it_above(
    beat: Beat, tmp_path: Path
) -> None:
    (tmp_path / "scripts" / "writes.py").write_text("print(1, file=open('written', 'w'))")
    (tmp_path / "scripts" / "reads.py").write_text("print(open('written').read())")
    dependent = '[groups.upside_down]\nevery = "1d"\nafter = ["upside_first"]\nsteps = ["reads.py"]\n'
    first = '[groups.upside_first]\nevery = "1d"\nsteps = ["writes.py"]\n'

    report = await beat(dependent + first)

    assert [group.choice.group for group in report.groups] == ["upside_first", "upside_down"]
    assert outcomes(report) == [Outcome.COMPLETED] * 2


def while_published(
    monkeypatch: pytest.MonkeyPatch, group: str, do: Callable[[PrefectClient, UUID], Awaitable[object]]
) -> None:
    """Do something to the run of a group when its steps are through, and before it has ended."""
    publish = vars(group_module)["publish"]

    async def published(settings: Settings, name: str, *args: Any) -> Any:
        if name == group:
            async with get_client() as client:
                await do(client, UUID(str(flow_run.id)))
        return await publish(settings, name, *args)

    monkeypatch.setattr(group_module, "publish", published)


#: A group whose step hangs, and one that comes after it.
HANGS = """
    [groups.ended_one]
    every = "1d"
    steps = ["hangs.py"]
    [groups.ended_two]
    every = "1d"
    steps = ["fine.py"]
"""


async def cancel_while_it_hangs(folder: Path, flow: str) -> None:
    """Cancel the newest run of a flow, once its script runs."""
    await soon((folder / "scripts" / "hanging").exists, "the script to run")
    async with get_client() as client:
        (run,) = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])),
            sort=FlowRunSort.START_TIME_DESC,
            limit=1,
        )
        await client.set_flow_run_state(run.id, Cancelling())


@pytest.fixture
def hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts of those two; and no worker that hears of a cancellation."""
    monkeypatch.setattr(cancel_requests, "_ASK", 0.1)
    (tmp_path / "scripts").mkdir(exist_ok=True)
    (tmp_path / "scripts" / "hangs.py").write_text("open('hanging', 'w'); import time; time.sleep(600)")
    (tmp_path / "scripts" / "fine.py").write_text("")


async def test_a_group_whose_run_is_cancelled_ends_and_the_beat_goes_on(
    beat: Beat, hangs: None, tmp_path: Path
) -> None:
    beating = asyncio.create_task(cast("Any", beat(HANGS, force=["ended_one", "ended_two"])))
    await cancel_while_it_hangs(tmp_path, "ended-one")

    assert outcomes(await beating) == [Outcome.CANCELLED, Outcome.COMPLETED]


async def test_a_beat_that_no_worker_runs_ends_when_it_is_cancelled(
    beat: Beat, hangs: None, tmp_path: Path
) -> None:
    (tmp_path / "rhythm.toml").write_text(HANGS)
    options = BeatOptions(force=["ended_one", "ended_two"])
    beating = asyncio.create_task(cast("Any", rhythm(options, return_state=True)))
    await cancel_while_it_hangs(tmp_path, "rhythm")

    state: State[Any] = await beating
    report = await state.aresult(raise_on_failure=False)

    assert isinstance(report, BeatReport)
    assert (state.name, state.message) == ("Cancelled", "It was cancelled.")
    assert outcomes(report) == [Outcome.CANCELLED]


@pytest.mark.parametrize("how", ["cancelled", "deleted"])
async def test_a_group_whose_run_is_cancelled_or_deleted_as_it_ends_by_itself_stops_no_beat(
    beat: Beat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    toml = f'[groups.{how}_one]\nevery = "1d"\nsteps = ["fine.py"]\n'
    toml += f'[groups.{how}_two]\nevery = "1d"\nsteps = ["fine.py"]\n'

    async def do(client: PrefectClient, run: UUID) -> None:
        if how == "deleted":
            await client.delete_flow_run(run)
        else:
            await client.set_flow_run_state(run, Cancelling())

    while_published(monkeypatch, f"{how}_one", do)

    report = await beat(toml)

    assert outcomes(report) == [Outcome.CANCELLED, Outcome.COMPLETED]
    if run_id := report.groups[0].run_id:
        async with get_client() as client:
            assert (await client.read_flow_run(UUID(run_id))).state_name == "Cancelled"


async def test_a_server_that_is_away_as_a_script_ends_well_costs_the_group_nothing(
    beat: Beat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    leave = vars(group_report)["acreate_markdown_artifact"]
    failures = [httpx.ConnectError("All connection attempts failed")]

    async def leaves(*args: Any, **options: Any) -> Any:
        while failures:
            raise failures.pop()
        return await leave(*args, **options)

    monkeypatch.setattr(group_report, "acreate_markdown_artifact", leaves)

    report = await beat('[groups.patient]\nevery = "1d"\nsteps = ["fine.py"]\n')

    assert outcomes(report) == [Outcome.COMPLETED]
    assert "did not take the report" not in caplog.text
    async with get_client() as client:
        assert await client.read_latest_artifacts(
            artifact_filter=ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=["patient"]))
        )


async def test_a_missing_script_is_skipped_and_holds_up_nobody(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("print('fine')")

    report = await beat(chain("gone", '"gone.py", "fine.py"'))

    assert outcomes(report) == [Outcome.COMPLETED] * 3
    assert [step.outcome for step in report.groups[0].steps] == [Outcome.SKIPPED, Outcome.COMPLETED]


async def test_a_failing_step_lets_the_others_run_unless_told_to_stop(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    (tmp_path / "scripts" / "sick.py").write_text("import sys; sys.exit(1)")
    toml = """
        [groups.goes_on]
        every = "1d"
        steps = ["sick.py", "fine.py"]
        [groups.stops]
        every = "1d"
        on_failure = "stop"
        steps = ["sick.py", "fine.py"]
        [groups.forgives]
        every = "1d"
        steps = [{ run = "sick.py", optional = true }, "fine.py"]
    """

    report = await beat(toml)

    assert outcomes(report) == [Outcome.FAILED, Outcome.FAILED, Outcome.COMPLETED]
    assert [[step.outcome.value for step in group.steps] for group in report.groups] == [
        ["failed", "completed"],
        ["failed", "skipped"],
        ["failed", "completed"],
    ]


async def test_a_step_is_tried_again_as_often_as_it_may_be(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "third.py").write_text(
        "import sys\n"
        "with open('tries', 'a+') as tries:\n"
        "    tries.write('x')\n"
        "    sys.exit(tries.tell() < 3)\n"
    )
    step = '{ run = "third.py", retries = 2, retry_delay = 0 }'

    report = await beat(f'[groups.tries]\nevery = "1d"\nsteps = [{step}]\n')

    assert outcomes(report) == [Outcome.COMPLETED]
    assert (tmp_path / "scripts" / "tries").read_text() == "xxx"
    with store_of(config.load()) as store:
        steps = store.steps(datetime.now(UTC) - timedelta(hours=1))
    assert [(step.attempt, step.outcome.value) for step in steps] == [
        (1, "failed"),
        (2, "failed"),
        (3, "completed"),
    ]


async def test_each_group_leaves_one_report_that_is_always_its_latest(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "counts.py").write_text(
        "with open('runs', 'a+') as runs:\n    runs.write('x')\n    print(f'run {runs.tell()}')\n"
    )
    toml = '[groups.tells_all]\nevery = "1d"\nsteps = ["counts.py"]\n'

    await beat(toml)
    await beat(toml, force=["tells_all"])

    async with get_client() as client:
        (latest,) = await client.read_latest_artifacts(
            artifact_filter=ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=["tells-all"]))
        )
    assert latest.type == "markdown"
    assert "# tells_all" in str(latest.data)
    assert "| counts | completed |" in str(latest.data)
    assert "run 2" in str(latest.data)


async def test_a_store_that_cannot_be_written_holds_up_no_beat(
    beat: Beat, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "rhythm.db").write_bytes(b"this was never a database, " * 500)

    report = await beat('[groups.unwritten]\nevery = "1d"\nsteps = ["fine.py"]\n')

    assert outcomes(report) == [Outcome.COMPLETED]
    assert "is not written down" in caplog.text
    assert "Move it away" in caplog.text


async def test_what_is_paused_forced_or_only_imagined(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    toml = chain("odd", '"fine.py"').replace('every = "1d"', 'every = "1d"\nenabled = false', 1)

    assert outcomes(await beat(toml, dry_run=True)) == [Decision.PAUSED, Decision.RUN, Decision.RUN]
    assert outcomes(await beat(toml)) == [Decision.PAUSED, Outcome.COMPLETED, Outcome.COMPLETED]
    assert outcomes(await beat(toml, force=["odd_one", "odd_three"])) == [
        Outcome.COMPLETED,
        Decision.NOT_DUE,
        Outcome.COMPLETED,
    ]


async def test_while_something_else_has_the_turn_a_beat_is_busy(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    (tmp_path / "outputs").mkdir()
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys; from filelock import FileLock\n"
        "with FileLock(sys.argv[1]): print('held', flush=True); sys.stdin.read()",
        str(tmp_path / "outputs" / "beat.lock"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdout
    assert await holder.stdout.readline()

    # What the lock's holder may be at: a script that nobody seems to own, a run that nobody seems to execute.
    Running(tmp_path / "outputs" / SCRIPTS, "a script", "of-nobody")
    record = next((tmp_path / "outputs" / SCRIPTS).iterdir())
    record.write_text(record.read_text().replace(f'"pid":{os.getpid()}', f'"pid":{GONE}'))
    toml = chain("held", '"fine.py"') + '[groups.free]\nevery = "1d"\nsteps = ["fine.py"]\n'
    (tmp_path / "rhythm.toml").write_text(toml, encoding="utf-8")
    async with get_client() as client:
        run = await client.create_flow_run(group_flow("held_one"), state=RunningState())
        await note_owner(client, run.id, machine_id(tmp_path / "outputs"))

        report = await beat(toml)
        await holder.communicate(b"")

        assert outcomes(report)[0] is Decision.BUSY
        assert report.groups[-1].choice.reason == "another beat or group is running on this machine"
        assert report.outcome == "completed"
        assert record.exists()
        assert (await client.read_flow_run(run.id)).state_name == "Running"

        # A beat that was killed while it ran the second of its groups.
        killed = await client.create_flow_run(rhythm, state=RunningState())
        await note_owner(client, killed.id, machine_id(tmp_path / "outputs"))
        ran = GroupEvent(clock.now(), "free", "run", "forced", Outcome.COMPLETED, 3.0)
        with store_of(config.load()) as store:
            store.add_decisions([ran])

        await beat(toml)
        assert not record.exists()
        assert (await client.read_flow_run(run.id)).state_name == "Crashed"
    with store_of(config.load()) as store:
        held, written_down, _ = store.beats(clock.now() - timedelta(hours=1))
    assert held.at < written_down.at < ran.at
    assert written_down.at + timedelta(seconds=written_down.seconds) == ran.at + timedelta(seconds=3)
    assert read_note(written_down.note) == BeatNote(force=("free",), reached=("free",))
    async with beat_lock(tmp_path / "outputs", patience=0) as ours:
        assert ours


async def test_a_group_by_hand_counts_for_its_slot_and_a_dry_run_does_not(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    toml = '[groups.by_hand]\nevery = "1d"\nsteps = ["fine.py"]\n'
    (tmp_path / "rhythm.toml").write_text(toml)

    dry = await group_flow("by_hand")(GroupOptions(dry_run=True), return_state=True)
    assert dry.name == "DryRun"
    assert outcomes(await beat(toml, dry_run=True)) == [Decision.RUN]

    await group_flow("by_hand")(GroupOptions(), return_state=True)
    assert outcomes(await beat(toml)) == [Decision.NOT_DUE]


async def test_a_users_flow_of_a_groups_name_is_no_run_of_the_group(beat: Beat, tmp_path: Path) -> None:
    @flow(name=flow_name("named_alike_one"))
    async def of_a_user() -> None: ...

    (tmp_path / "scripts" / "fine.py").write_text("")
    (tmp_path / "scripts" / "sick.py").write_text("import sys; sys.exit(7)")
    toml = chain("named_alike", '"sick.py"')
    assert outcomes(await beat(toml))[0] is Outcome.FAILED

    await of_a_user()

    assert outcomes(await beat(toml)) == [Outcome.FAILED, Decision.WAITS, Decision.WAITS]


async def test_each_rhythm_of_a_server_has_its_own_runs_and_reports(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    toml = '[groups.in_both]\nevery = "1d"\nsteps = ["fine.py"]\n'

    assert outcomes(await beat(toml)) == [Outcome.COMPLETED]
    assert outcomes(await beat(f'name = "second"\n{toml}')) == [Outcome.COMPLETED]

    assert outcomes(await beat(toml)) == [Decision.NOT_DUE]
    assert outcomes(await beat(f'name = "second"\n{toml}')) == [Decision.NOT_DUE]
    keys = ["in-both", "second--in-both", "second--beat"]
    async with get_client() as client:
        found = await client.read_latest_artifacts(
            artifact_filter=ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=keys))
        )
    assert sorted(str(artifact.key) for artifact in found) == sorted(keys)


async def test_a_group_that_rhythm_toml_leaves_out_fails_and_says_so(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "rhythm.toml").write_text('[groups.here]\nevery = "1d"\nsteps = ["check_health"]\n')

    state = await group_flow("not_here")(GroupOptions(), return_state=True)

    assert state.is_failed()
    assert state.message == "rhythm.toml has no group not_here. It has here."


async def test_settings_that_cannot_be_used_fail_the_beat_in_words(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "rhythm.toml").write_text('[groups.here]\nevery = "-5m"\nsteps = ["check_health"]\n')

    state = await rhythm(BeatOptions(), return_state=True)

    assert state.is_failed()
    assert "groups.here.every" in (state.message or "")


async def test_what_exit_codes_mean_and_why_a_step_failed_is_the_same_wherever_it_is_shown(
    beat: Beat, tmp_path: Path
) -> None:
    (tmp_path / "scripts" / "ends.py").write_text(
        "import sys\nprint('working', flush=True)\nprint('no host', file=sys.stderr)\n"
        "sys.exit(int(sys.argv[1]))"
    )
    more = "retries = 1, retry_delay = 0, warn_codes = [24], skip_codes = [75]"
    toml = "".join(
        f'[groups.code_{code}]\nevery = "1d"\nsteps = [{{ run = "ends.py {code}", {more} }}]\n'
        for code in (24, 75, 3)
    )
    fault = "ends: exit code 24: no host"

    report = await beat(toml)

    assert report.outcome == "degraded"
    assert [group.label for group in report.groups] == ["completed (warning)", "completed", "failed"]
    assert [group.fault for group in report.groups] == [fault, "", "ends: exit code 3: no host"]
    assert [group.steps[0].outcome for group in report.groups] == ["completed", "skipped", "failed"]
    assert (report.table[0]["outcome"], report.table[0]["fault"]) == ("completed (warning)", fault)

    settings = config.load()
    with store_of(settings) as store:
        day = clock.now() - timedelta(days=1)
        # Retries are for failures alone.
        assert [step.step for step in store.steps(day)] == ["ends"] * 4
        assert [step.fault.partition(":")[0] for step in store.steps(day)] == [
            "exit code 24",
            "",
            "exit code 3",
            "exit code 3",
        ]
        assert [event.fault for event in store.decisions(day)] == [group.fault for group in report.groups]
    async with get_client() as client:
        last = await history.latest(client, settings, settings.groups, clock.now())
        states = [(await client.read_flow_run(UUID(str(group.run_id)))).state for group in report.groups]
    assert [last[name].label for name in settings.groups] == [group.label for group in report.groups]
    assert [last[name].fault for name in settings.groups] == [group.fault for group in report.groups]
    assert [state and state.name for state in states] == ["Warning", "Completed", "Failed"]
    assert outcomes(await beat(toml)) == [Decision.NOT_DUE, Decision.NOT_DUE, Outcome.FAILED]


async def test_a_weekly_step_of_the_daily_routine_is_left_out_on_other_days_and_the_group_completes(
    beat: Beat, tmp_path: Path
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    other = f"{clock.now() + timedelta(days=3):%a}".lower()
    steps = f'["fine.py", {{ run = "fine.py", name = "rare", days = "{other}", every = "1w" }}]'
    toml = f"timezone = 'UTC'\n[groups.routine_of_days]\nat = '00:00'\nfirst_run = 'now'\nsteps = {steps}\n"

    report = await beat(toml)

    assert outcomes(report) == [Outcome.COMPLETED]
    assert [(step.name, step.outcome, step.message) for step in report.groups[0].steps][1] == (
        "rare",
        Outcome.SKIPPED,
        "not today",
    )
    settings = config.load()
    async with get_client() as client:
        tomorrow = clock.now() + timedelta(days=1)
        assert await history.last_completed(client, settings, "routine_of_days", tomorrow)
        assert not await history.last_completed(
            client, settings, "routine_of_days", clock.now() - timedelta(days=1)
        )


async def test_a_yearly_group_is_not_run_in_the_first_beat(beat: Beat, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")

    (group,) = (await beat("[groups.tax_of_the_year]\nevery = '1 year'\nsteps = ['fine.py']\n")).groups

    assert (group.choice.decision, group.choice.reason[:9]) == (Decision.NOT_DUE, "first at ")
