"""Tables fit the terminal, whatever is in them."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from deployments import overview
from deployments.adopt.writing import report
from deployments.cli import beat, doctor, plan
from deployments.cli.tables import Column, Kind, Table, layout

SCREENS = {
    "status": overview.COLUMNS,
    "beat": beat.COLUMNS,
    "plan": plan.COLUMNS,
    "adopt": report.COLUMNS,
    "doctor": doctor.COLUMNS,
}
VALUES = st.sampled_from(["–", "now", "14:00:53", "Tue 24 Nov 03:00", "completed", "2 h 05 min", "never ran"])
WORDS = st.one_of(
    st.sampled_from(["waits:", "performance_analysis", "점검", "(failed)", "日本語のテキスト", "🎉"]),
    st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=40),
)
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
NAMES = st.one_of(
    st.from_regex(r"[a-z][a-z0-9_]{0,59}", fullmatch=True), st.text("시간표작업🎉é", max_size=60)
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = SCREENS[draw(st.sampled_from(list(SCREENS)))]
    cells = {Kind.VALUE: VALUES, Kind.NAME: NAMES, Kind.TEXT: TEXTS}
    row = st.tuples(*(cells[column.kind] for column in columns))
    return Table(columns, draw(st.lists(row, min_size=1, max_size=6)), cut=draw(st.booleans()))


def printed(table: Table, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False).print(table)
    return out.getvalue().splitlines()


@given(table=tables(), width=st.integers(60, 200))
def test_no_line_is_wider_than_the_terminal_and_no_word_of_a_text_is_broken_that_would_fit(
    table: Table, width: int
) -> None:
    lines = printed(table, width)

    assert max(map(cell_len, lines)) <= width
    if not table.cut:
        shown = {word for line in lines for word in line.split()}
        texts = [n for n, column in enumerate(table.columns) if column.kind is Kind.TEXT]
        wanted = {word for row in table.rows for n in texts for word in row[n].split()}
        assert {word for word in wanted if cell_len(word) <= width - 2} <= shown


@given(table=tables(), width=st.integers(60, 200))
def test_values_stand_whole_and_names_at_least_by_their_beginnings(table: Table, width: int) -> None:
    place = layout(table.columns, table.rows, width, cut=table.cut)
    out = "\n".join(printed(table, width))

    for row in table.rows:
        for number, column in enumerate(table.columns):
            if column.kind is Kind.VALUE and (number in place.widths or not column.spare):
                assert row[number] in out
    names = [n for n, column in enumerate(table.columns) if column.kind is Kind.NAME]
    assert all(
        place.widths.get(name, 0) >= min(8, max(cell_len(row[name]) for row in table.rows)) for name in names
    )


THREE = (Column("name", Kind.NAME), Column("took", spare=True), Column("why", Kind.TEXT))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (60, ["a_long_name  0.5 s  a reason of several words", "b            –      short"]),
        (45, ["a_long_name  0.5 s  a reason of several words", "b            –      short"]),
        (44, ["a_long_name  0.5 s", "  a reason of several words", "b            –", "  short"]),
        (16, ["a_long_name", "  a reason of", "  several words", "b", "  short"]),
        (10, ["a_long_na…", "  a reason", "  of", "  several", "  words", "b", "  short"]),
    ],
)
def test_the_narrower_it_is_the_more_stands_beneath_the_rows(width: int, expected: list[str]) -> None:
    rows = [("a_long_name", "0.5 s", "a reason of several words"), ("b", "–", "short")]

    assert printed(Table(THREE, rows), width)[2:] == expected


def test_a_text_of_a_line_is_cut_with_an_ellipsis() -> None:
    (line,) = printed(Table(THREE, [("a", "–", "one\ntwo " * 10)], cut=True), 40)[2:]

    assert line == "a     –     one two one two one two one…"[: len(line)]
    assert line.endswith("…")


@pytest.mark.parametrize("width", [80, 16])
def test_a_column_that_is_empty_in_every_row_is_left_out(width: int) -> None:
    columns = (Column("began"), Column("", Kind.NAME), Column("CPU", spare=True), Column("why", Kind.TEXT))

    assert printed(Table(columns, [("14:00", "a", "", ""), ("14:10", "b", "", " ")]), width) == [
        "began",
        "────────",
        "14:00  a",
        "14:10  b",
    ]


def test_a_table_without_a_row_has_its_head() -> None:
    assert printed(Table(THREE, []), 80) == ["name  took  why", "─" * 15]
