"""What `rhythm up` does with the daemon: starts it, starts it again, and lets it end."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deployments.daemon import supervisor as supervision
from deployments.daemon.supervisor import BAD_CONFIG, CANNOT_START, RENEW, TERMINATED, Supervisor, back_off
from tests.family import Family
from tests.waiting import eventually

PROJECT = Path(__file__).resolve().parents[3]

# Ends with the next of the exit codes in the file NAME, or, if there is none, when its input ends.
PROGRAM = """
import sys, pathlib
codes = pathlib.Path(sys.argv[1])
first, *rest = codes.read_text().split() or [""]
codes.write_text(" ".join(rest))
with codes.with_name("starts").open("a") as file:
    file.write("x")
print("started", flush=True)
if first:
    print("dies of", first, file=sys.stderr, flush=True)
    sys.exit(int(first))
sys.stdin.read()
codes.with_name("ended").touch()
"""


class Supervised:
    """A program that dies as it is asked to, below a supervisor in a thread."""

    def __init__(self, folder: Path, *codes: int) -> None:
        self.folder, self.news = folder, list[str]()
        (folder / "program.py").write_text(PROGRAM)
        (folder / "codes").write_text(" ".join(map(str, codes)))
        argv = [sys.executable, str(folder / "program.py"), str(folder / "codes")]
        self.supervisor = Supervisor(argv, folder, self.news.append)
        self.result: int | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.result = self.supervisor.run()

    @property
    def count(self) -> int:
        path = self.folder / "starts"
        return len(path.read_text()) if path.exists() else 0

    def end(self) -> int | None:
        """Stop the supervisor; return what it ended with."""
        self.supervisor.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.result

    def ends(self) -> int | None:
        """Wait until the supervisor ends by itself; return what it ended with."""
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.result


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restarts come at once."""
    monkeypatch.setattr(supervision, "_FIRST", 0.01)


@pytest.mark.parametrize(
    ("deaths", "doublings"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (5, 4), (6, 5), (7, 6)]
)
def test_the_wait_doubles_with_every_death(deaths: int, doublings: int) -> None:
    assert back_off(deaths) == pytest.approx(0.01 * 2**doublings)


@pytest.mark.parametrize("deaths", [50, 1_000_000])
def test_the_wait_is_never_longer_than_a_minute(deaths: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "_FIRST", 1.0)

    assert back_off(deaths) == 60.0


def test_what_dies_is_reported_and_started_again_and_ends_when_its_input_does(tmp_path: Path) -> None:
    program = Supervised(tmp_path, 70, 70)
    eventually(lambda: program.count == 3, "a third start")

    assert program.end() == 0
    assert [news.split(",")[0] for news in program.news] == ["it has died (exit code 70)"] * 2
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize(
    ("steady", "waits"), [(-1.0, ["0.01", "0.01", "0.01"]), (1e9, ["0.01", "0.02", "0.04"])]
)
def test_deaths_are_counted_until_it_has_run_steadily(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steady: float, waits: list[str]
) -> None:
    monkeypatch.setattr(supervision, "_STEADY", steady)
    monkeypatch.setattr(supervision, "QUICK", -1.0)
    program = Supervised(tmp_path, 70, 70, 70)
    eventually(lambda: program.count == 4, "a fourth start")

    assert program.end() == 0
    assert [news.split(" in ")[1].removesuffix(" s") for news in program.news] == waits


def test_one_that_has_died_is_not_started_again_once_it_is_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_FIRST", 60.0)
    program = Supervised(tmp_path, 70)
    eventually(lambda: program.news, "the wait for another start")

    assert program.end() == 0
    assert program.count == 1


def test_one_that_wants_to_be_renewed_is_no_dead_one(tmp_path: Path) -> None:
    program = Supervised(tmp_path, RENEW, RENEW)
    eventually(lambda: program.count == 3, "a third start")

    assert program.end() == 0
    assert program.news == []


@pytest.mark.parametrize("code", [0, CANNOT_START, BAD_CONFIG])
def test_one_that_ends_well_or_cannot_start_is_left_alone(tmp_path: Path, code: int) -> None:
    assert Supervised(tmp_path, code).ends() == code
    assert len((tmp_path / "starts").read_text()) == 1


@pytest.mark.parametrize("code", [CANNOT_START, BAD_CONFIG])
def test_what_has_run_once_is_tried_again_even_if_it_cannot_start(tmp_path: Path, code: int) -> None:
    program = Supervised(tmp_path, 70, code)
    eventually(lambda: program.count == 3, "a third start")

    assert program.end() == 0


def test_one_that_dies_three_times_as_soon_as_it_is_started_is_given_up(tmp_path: Path) -> None:
    program = Supervised(tmp_path, 70, TERMINATED, CANNOT_START)

    assert program.ends() == 1
    assert program.supervisor.gave_up
    assert program.count == 3
    assert program.news[-1] == "it has died (exit code 1)"


def test_one_that_runs_for_a_while_in_between_is_not_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "QUICK", -1.0)
    program = Supervised(tmp_path, 70, 70, 70)
    eventually(lambda: program.count == 4, "a fourth start")

    assert program.end() == 0
    assert not program.supervisor.gave_up


def test_to_be_renewed_between_two_deaths_is_no_death(tmp_path: Path) -> None:
    program = Supervised(tmp_path, 70, RENEW, 70, RENEW, RENEW)
    eventually(lambda: program.count == 6, "a sixth start")

    assert program.end() == 0


@pytest.mark.parametrize(
    ("code", "how"),
    [(70, "exit code 70"), (TERMINATED, "SIGTERM"), (-9, "SIGKILL"), (-64, "SIGRTMAX"), (-99, "signal 99")],
)
@pytest.mark.skipif(sys.platform == "win32", reason="where a process ends with an exit code alone")
def test_a_death_is_reported_with_the_signal_that_it_died_of(code: int, how: str) -> None:
    assert supervision.how(code) == how


def test_what_cannot_even_be_started_is_tried_again(tmp_path: Path) -> None:
    news: list[str] = []
    supervisor = Supervisor([str(tmp_path / "gone")], tmp_path, news.append)
    thread = threading.Thread(target=supervisor.run, daemon=True)
    thread.start()
    eventually(lambda: len(news) >= 4, "two attempts")

    supervisor.stop()

    thread.join(60)
    assert "cannot be started" in news[0]
    assert not thread.is_alive()


def test_what_it_says_is_passed_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Supervised(tmp_path, CANNOT_START).ends()

    said = capfd.readouterr()
    assert said.out == "started\n"
    assert said.err == "dies of 1\n"


def test_one_that_does_not_end_is_killed_with_all_below_it(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_LIMIT", 0.2)
    supervisor = Supervisor(family.argv("hangs.py", "deaf"), family.folder)
    thread = threading.Thread(target=supervisor.run, daemon=True)
    thread.start()
    eventually(lambda: family.said("grandchild"), "all of it to run")

    supervisor.stop()

    thread.join(60)
    assert not thread.is_alive()
    eventually(lambda: not family.alive(), "all of it to be gone")


def test_what_it_does_not_import_takes_no_memory() -> None:
    code = "import sys, deployments.daemon.supervisor; print(*{name.split('.')[0] for name in sys.modules})"

    said = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    assert not {"prefect", "pydantic", "rich", "psutil", "asyncio", "httpx"} & set(said.stdout.split())
