"""What the daemon does about beats that do not come: reports once, repairs once an interval, asks for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest
from prefect.client.orchestration import PrefectClient

from deployments.daemon import liveness as module
from deployments.daemon.liveness import Liveness
from deployments.diagnosis import Facts, Repair
from deployments.server import instance_lock
from deployments.worker import deployed_groups, schedule
from deployments.worker.beat_clock import BeatClock
from deployments.worker.pool import DeployError
from flows import clock
from flows.decisions.slots import BEAT
from tasks.settings.rhythm_toml import Settings
from tests.conftest import MakeSettings
from tests.waiting import soon

TOML = '[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n'
NOBODY = cast("PrefectClient", None)


@dataclass
class Server:
    """What would be read from a server, and what was done with it."""

    facts: Facts = field(default_factory=lambda: Facts(clock.now(), next_beat=clock.now()))
    error: Exception | None = None
    repairs: list[Repair] = field(default_factory=list)
    deployed: list[list[str]] = field(default_factory=list)
    beats: int = 0
    looks: int = 0
    scheduled: Facts | None = None
    """What is read once it has been made to schedule; None if that changes nothing."""

    async def read(self, client: object, settings: Settings, now: datetime) -> Facts:
        self.looks += 1
        if isinstance(self.error, httpx.HTTPError):
            raise self.error
        return self.facts

    async def repair(self, client: object, settings: Settings, how: Repair, now: datetime, log: Path) -> None:
        self.repairs.append(how)
        if self.error:
            raise self.error

    async def deploy(self, client: object, settings: Settings, log: Path, say: Callable[[str], None]) -> None:
        self.deployed.append(list(settings.groups))
        say("deploying")
        if self.error:
            raise self.error

    async def schedule(self, client: object, settings: Settings) -> None:
        self.facts = self.scheduled or self.facts

    async def beat(self, client: object, settings: Settings, now: datetime) -> str:
        self.beats += 1
        return ""


class Hands:
    """The two clocks: one that is set, and one that only goes on."""

    def __init__(self) -> None:
        self.wall = self.steady = 1000.0

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(schedule, "facts", made.read)
    monkeypatch.setattr(schedule, "repair", made.repair)
    monkeypatch.setattr(deployed_groups, "update", made.deploy)
    monkeypatch.setattr(schedule, "schedule_runs", made.schedule)
    monkeypatch.setattr(schedule, "beat_unless_paused", made.beat)
    return made


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    made = Hands()
    monkeypatch.setattr(module, "time", lambda: made.wall)
    monkeypatch.setattr(module, "monotonic", lambda: made.steady)
    return made


@dataclass
class Watched:
    """A liveness, what it has said, and why it wanted to start anew."""

    it: Liveness
    said: list[str]
    renewed: list[str]


@pytest.fixture
def watched(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hands: Hands, server: Server
) -> Watched:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    settings: Settings = make_settings(TOML)
    said, renewed = list[str](), list[str]()
    beats = BeatClock(lambda: hands.steady)
    return Watched(
        Liveness(NOBODY, beats, settings, lambda text, level: said.append(text), renewed.append),
        said,
        renewed,
    )


@contextmanager
def watching(it: Liveness) -> Iterator[None]:
    task = asyncio.create_task(it.watch())
    try:
        yield
    finally:
        task.cancel()


async def test_while_beats_come_nothing_is_said_or_done(watched: Watched, server: Server) -> None:
    await watched.it.look()

    assert (watched.said, server.repairs, server.beats) == ([], [], 0)


async def test_a_fault_is_reported_once_and_repaired_once_an_interval(
    watched: Watched, server: Server, hands: Hands
) -> None:
    server.facts = replace(server.facts, next_beat=None)
    for _ in range(3):
        await watched.it.look()
        hands.passes(20)
    assert server.repairs == [Repair.SCHEDULE]

    hands.passes(BEAT.total_seconds())
    with watched.it.beats.beat():
        pass
    await watched.it.look()
    server.facts = replace(server.facts, next_beat=clock.now())
    await watched.it.look()

    assert server.repairs == [Repair.SCHEDULE] * 2
    assert [line.split(":")[0] for line in watched.said] == [
        "no beat comes",
        "beats were scheduled",
        "beats were scheduled",
        "beats come again",
    ]


async def test_a_schedule_without_beats_as_after_a_pause_gets_them_without_a_word(
    watched: Watched, server: Server
) -> None:
    server.scheduled, server.facts = server.facts, replace(server.facts, next_beat=None)

    await watched.it.look()

    assert (watched.said, server.repairs) == ([], [])


async def test_a_silence_that_grows_is_one_fault(watched: Watched, server: Server, hands: Hands) -> None:
    hands.passes(1.5 * BEAT.total_seconds() + 1)
    await watched.it.look()
    hands.passes(60)
    await watched.it.look()

    assert server.repairs == [Repair.BEAT]
    assert [line.split(".")[0] for line in watched.said] == [
        "no beat comes: none has begun for 7 min, though a worker is online",
        "beats were asked for",
    ]


async def test_what_is_paused_is_reported_and_left_alone(
    watched: Watched, server: Server, hands: Hands
) -> None:
    outputs_dir, paused = watched.it.settings.outputs_dir, replace(server.facts, paused="its schedule")
    well, server.facts = server.facts, replace(paused, next_beat=None)
    with instance_lock.announced(outputs_dir, "http://127.0.0.1:1/api"):
        for _ in range(3):
            hands.passes(BEAT.total_seconds())
            await watched.it.look()

        assert server.repairs == []
        said = ["beats are paused: its schedule is paused. `rhythm resume` ends that, or Prefect's UI."]
        assert watched.said == said
        assert [up.paused for up in (instance_lock.running(outputs_dir),) if up] == said

        server.facts = replace(well, next_beat=server.facts.at)
        await watched.it.look()
        assert [up.paused for up in (instance_lock.running(outputs_dir),) if up] == [""]


async def test_a_server_that_does_not_answer_is_reported_once_and_asked_again(
    watched: Watched, server: Server
) -> None:
    server.error = httpx.ConnectError("gone")
    with watching(watched.it):
        for _ in range(2):
            with watched.it.beats.beat():
                pass
            await soon(lambda: watched.said, "a report")
        server.error = None
        with watched.it.beats.beat():
            pass
        await soon(lambda: len(watched.said) > 1, "another one")

    assert watched.said == [
        "no beat comes: Prefect does not answer (ConnectError: gone). It is asked again.",
        "beats come again",
    ]


async def test_what_cannot_be_deployed_is_reported_and_tried_again_later(
    watched: Watched, server: Server
) -> None:
    server.facts, server.error = replace(server.facts, is_deployed=False), DeployError("no")

    with suppress(DeployError):
        await watched.it.look()
    await watched.it.look()

    assert server.repairs == [Repair.DEPLOY]
    assert watched.said[0].startswith("no beat comes: the rhythm is not deployed")


async def test_a_rhythm_toml_that_breaks_is_reported_once_and_new_groups_are_read_and_deployed(
    watched: Watched, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "rhythm.toml"
    for text in (TOML + "x = [", TOML + "x = [", TOML + TOML.replace("groups.a", "groups.b")):
        path.write_text(text, encoding="utf-8")
        await watched.it.look()

    await watched.it.look()

    broken, valid, deploying = watched.said
    assert (deploying, server.deployed) == ("deploying", [["a", "b"]])
    assert broken.startswith(f"each beat fails until this is corrected: {path}: ")
    assert valid == "rhythm.toml is valid again"
    assert list(watched.it.settings.groups) == ["a", "b"]


@pytest.mark.parametrize(("error", "tries"), [(DeployError("no"), 1), (httpx.ConnectError("gone"), 2)])
async def test_groups_that_cannot_be_deployed_wait_for_another_rhythm_toml_or_for_the_server(
    watched: Watched, server: Server, tmp_path: Path, error: Exception, tries: int
) -> None:
    (tmp_path / "rhythm.toml").write_text(TOML.replace("1h", "2h"), encoding="utf-8")
    server.error = error

    for _ in range(2):
        with suppress(DeployError, httpx.HTTPError):
            await watched.it.look()

    assert server.deployed == [["a"]] * tries


@pytest.mark.parametrize(("back", "renewed"), [(7200, 1), (30, 0), (-7200, 0)])
async def test_a_clock_that_was_set_back_starts_a_server_of_ours_anew(
    watched: Watched, hands: Hands, back: float, renewed: int
) -> None:
    hands.wall -= back
    with watched.it.beats.beat():
        await watched.it.look()
    assert not watched.renewed, "not while a beat runs"

    await watched.it.look()

    assert len(watched.renewed) == renewed


async def test_where_the_server_is_not_ours_the_schedule_is_made_anew(
    watched: Watched, server: Server, hands: Hands
) -> None:
    watched.it.renew = None
    hands.wall -= 7200
    well, far = server.facts, replace(server.facts, next_beat=server.facts.at + timedelta(hours=2))
    for server.facts in (far, well, far):
        await watched.it.look()
        hands.passes(BEAT.total_seconds() + 1)

    assert server.repairs == [Repair.SCHEDULE_ANEW] * 2
    first, _, _, second, _ = watched.said
    assert "the clock was set back by 2 h 00 min, and the next is 2 h 00 min ahead" in first
    assert "the next is scheduled 2 h 00 min ahead" in second, "what was repaired is over"
