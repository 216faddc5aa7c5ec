"""What `rhythm up` keeps on a terminal fits it, and has what a person must find."""

from __future__ import annotations

import sys

import pytest
from rich.cells import cell_len
from rich.console import Console

from deployments.daemon.screen import Screen, chosen, summary
from deployments.diagnosis import Diagnosis
from deployments.overview import Overview
from tests.deployments.daemon.standing import NEWS, UI, standing
from tests.end_to_end.workspace import PROJECT
from tests.terminal import clean_environment, terminal
from tests.waiting import eventually

SIZES = [(80, 24), (140, 40), (60, 15)]


def picture(state: Overview, columns: int, lines: int) -> list[str]:
    console = Console(width=columns, height=lines, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(Screen(state))
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("count", [1, 5, 10, 42, 200])
@pytest.mark.parametrize("long_names", [False, True])
def test_the_address_the_last_group_and_what_is_left_out_are_on_the_screen(
    count: int, long_names: bool, size: tuple[int, int]
) -> None:
    state = standing(count, long_names=long_names)

    shown = picture(state, *size)

    assert len(shown) < size[1]
    assert max(map(cell_len, shown)) <= size[0]
    assert any(f"UI {UI}" in line for line in shown[-2:])
    beginning = state.groups[-1].name[:6]
    rows = [line for line in shown if line.startswith(beginning)]
    assert long_names or rows[-1].startswith(state.groups[-1].name)
    (rest,) = [line for line in shown if line.startswith("… and ")] or [f"… and {count - len(rows)} more"]
    assert rest.startswith(f"… and {count - len(rows)} more")


def test_a_fault_stands_whole_above_the_address() -> None:
    state = standing(42).diagnosed(Diagnosis("no worker is online, and " * 6, "Start one with `rhythm up`."))

    shown = picture(state, 80, 24)

    assert len(shown) < 24
    assert " ".join(shown[-4:-1]) == str(state.diagnosis)


def test_with_little_room_reasons_go_first_and_then_what_is_not_due() -> None:
    roomy, tight, tighter = (picture(standing(5, long_names=True), 80, lines) for lines in (24, 12, 8))

    assert len([line for line in roomy if line.startswith("  ")]) == 5
    assert 0 < len([line for line in tight if line.startswith("  ")]) < 5
    assert not [line for line in tighter if line.startswith("  ")]
    assert tighter[-2].startswith("… and 2 more: 2 not due.")


def test_what_runs_fails_or_is_due_is_chosen_before_others_and_the_last_group_always() -> None:
    groups = standing(42).groups

    few = [groups[number] for number in chosen(groups, 12)]

    assert few[-1] is groups[-1]
    assert {group.name for group in groups if group.is_running} <= {group.name for group in few}
    assert str(summary(groups)).startswith("… and 42 more: ")


@pytest.mark.skipif(sys.platform == "win32", reason="tmux")
@pytest.mark.parametrize("count", [5, 42])
def test_another_size_of_the_terminal_is_drawn_at_once_and_leaves_nothing_of_before(count: int) -> None:
    argv = [sys.executable, "-m", "tests.deployments.daemon.standing", str(count)]
    with terminal(argv, PROJECT, 140, 40, clean_environment()) as window:
        for columns, lines in ((140, 40), (80, 24), (100, 30), (60, 15), (140, 40)):
            window.resize(columns, lines)
            wanted = picture(standing(count), columns, lines)
            eventually(lambda: is_shown(window.screen, wanted, lines), f"{columns} columns")  # noqa: B023


def is_shown(screen: str, wanted: list[str], lines: int) -> bool:
    """Whether the picture is at the end of the screen, below the last news, if there is room for them."""
    shown = screen.splitlines()
    news, picture = shown[: -len(wanted)], shown[-len(wanted) :]
    words = " ".join(" ".join(news).split())
    has_room = len(wanted) < lines - 2
    return picture == wanted and " ".join(NEWS).endswith(words) and (bool(words) or not has_room)
