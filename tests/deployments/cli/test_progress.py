"""The progress bar of a beat's steps, and the time left."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from deployments.cli.progress import Course, ProgressDisplay
from tasks.builtin.analysis.expected import Expected
from tasks.outcome import Outcome, StepResult
from tasks.settings.steps import StepSettings

NEEDS = st.lists(st.one_of(st.none(), st.floats(0, 1e5)), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("needs", "ended", "elapsed", "left"),
    [
        ([10.0, 30.0], 0, 0.0, "40 s left"),
        ([10.0, 30.0], 0, 4.2, "36 s left"),
        ([10.0, 30.0], 0, 11.0, "longer than usual"),
        ([10.0, 300.0], 1, 0.0, "5 min 00 s left"),
        ([10.0, None], 0, 4.0, ""),  # the other one has never completed
        ([10.0, None], 0, 11.0, "longer than usual"),
        ([None, 10.0], 0, 99.0, ""),
        ([None, 10.0], 1, 1.0, "9 s left"),
        ([10.0], 0, 10.0, "1 s left"),
        ([10.0], 1, 0.0, ""),
        ([], 0, 0.0, ""),
    ],
)
def test_the_time_left_is_what_the_steps_that_are_left_usually_take(
    needs: list[float | None], ended: int, elapsed: float, left: str
) -> None:
    assert Course(needs, ended).left(elapsed) == left


@given(NEEDS, st.data())
def test_what_is_done_never_shrinks_and_is_all_only_at_the_end(
    needs: list[float | None], data: st.DataObject
) -> None:
    seen = []
    for ended in range(len(needs)):
        elapsed = sorted(data.draw(st.lists(st.floats(0, 1e6), max_size=3)))
        seen += [Course(needs, ended).done(each) for each in [0.0, *elapsed]]
    seen.append(Course(needs, len(needs)).done(0.0))

    assert all(after >= before - 1e-9 for before, after in pairwise(seen))
    assert seen[0] == 0.0
    assert seen[-1] == pytest.approx(1.0)


def test_steps_that_never_ran_count_one_each() -> None:
    assert [Course([None] * 4, ended).done(100.0) for ended in range(5)] == [0.0, 0.25, 0.5, 0.75, 1.0]


@pytest.fixture
def time() -> list[float]:
    """What the clock shows; a test sets it."""
    return [1000.0]


def shown(display: ProgressDisplay, screen: Console) -> str:
    """Return the line that is drawn now."""
    with screen.capture() as captured:
        screen.print(display)
    return captured.get().strip("\n")


def step(name: str) -> StepSettings:
    return StepSettings.model_validate({"run": "check_health", "name": name})


def made(time: Sequence[float], needs: dict[tuple[str, str], Expected], width: int = 80) -> ProgressDisplay:
    screen = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    return ProgressDisplay(needs, now=lambda: time[0], screen=screen)


def test_a_line_has_the_step_how_many_are_done_and_the_time_left(time: list[float]) -> None:
    screen = Console(width=80)
    needs = {("backup", "pack"): Expected(10.0, 20.0), ("backup", "send"): Expected(30.0, 60.0)}
    display = made(time, needs)
    assert shown(display, screen).startswith("deciding")

    display.group_begins("backup", ["pack", "send"])
    display.step_begins("backup", step("pack"))
    time[0] += 4
    line = shown(display, screen)
    assert line.startswith("backup / pack ")
    assert "0/2" in line
    assert line.rstrip().endswith("36 s left")
    time[0] += 7
    assert shown(display, screen).rstrip().endswith("longer than usual")
    display.step_ended("backup", StepResult("pack", Outcome.COMPLETED, 11.0))
    display.step_begins("backup", step("send"))
    assert "1/2" in shown(display, screen)
    assert shown(display, screen).rstrip().endswith("30 s left")
    assert len(shown(display, screen)) <= 80


def test_of_steps_that_never_ran_no_time_is_promised(time: list[float]) -> None:
    screen = Console(width=80)
    display = made(time, {})
    display.group_begins("backup", ["pack"])
    display.step_begins("backup", step("pack"))

    assert "left" not in shown(display, screen)
    assert "usual" not in shown(display, screen)


def test_a_run_that_only_shows_which_steps_have_begun_is_followed_as_well(time: list[float]) -> None:
    screen = Console(width=80)
    steps = ["pack", "check", "send"]
    display = made(time, {("backup", name): Expected(10.0, 20.0) for name in steps})
    display.reached("backup", "pack", steps)
    time[0] += 5
    display.reached("backup", "pack", steps)
    assert shown(display, screen).rstrip().endswith("25 s left")
    display.reached("backup", "send", steps)  # the other one was too quick to be seen

    assert "2/3" in shown(display, screen)
    assert shown(display, screen).rstrip().endswith("10 s left")
