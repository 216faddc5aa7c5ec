"""Which lines of a script's output a log takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tasks.step_output.excerpt import Excerpt

#: Batches of lines, each of a stream: how many lines, and whether they are of standard error.
batches = st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=30)


@given(batches=batches, most=st.integers(0, 40))
def test_at_most_so_many_lines_are_taken_in_their_order_and_the_others_counted(
    batches: list[tuple[int, bool]], most: int
) -> None:
    excerpt, printed, at_once = Excerpt(most), list[tuple[str, bool]](), list[tuple[str, bool]]()
    for count, error in batches:
        lines = [str(len(printed) + number) for number in range(count)]
        at_once += [(line, error) for line in excerpt.add([*lines, " "], error)]
        printed += [(line, error) for line in lines]

    ending = excerpt.ending()
    taken = [*at_once, *ending.lines]

    assert len(taken) == min(most, len(printed)) or len(printed) <= most
    assert len(taken) + ending.left_out == len(printed)
    assert at_once == printed[: most // 5]
    assert [int(line) for line, _ in taken] == sorted({int(line) for line, _ in taken})
    assert set(taken) <= set(printed)
    if len(printed) <= most - most // 5:
        assert ending.left_out == 0


@given(batches=batches, most=st.integers(5, 40))
def test_errors_come_before_others(batches: list[tuple[int, bool]], most: int) -> None:
    excerpt, printed = Excerpt(most), list[tuple[str, bool]]()
    for count, error in batches:
        lines = [str(len(printed) + number) for number in range(count)]
        excerpt.add(lines, error)
        printed += [(line, error) for line in lines]

    ending = excerpt.ending()

    later = printed[most // 5 :]
    errors = [line for line in later if line[1]][-(most - most // 5) :]
    others = [line for line in later if not line[1]]
    assert [line for line in ending.lines if line[1]] == errors
    assert [line for line in ending.lines if not line[1]] == others[
        max(0, len(others) - (most - most // 5 - len(errors))) :
    ]


def test_a_long_line_is_cut() -> None:
    excerpt = Excerpt(5)

    assert excerpt.add(["x" * 20_000], error=False) == ["x" * 9_999 + "…"]
    excerpt.add(["y" * 20_000], error=True)
    assert excerpt.ending().lines == (("y" * 9_999 + "…", True),)
