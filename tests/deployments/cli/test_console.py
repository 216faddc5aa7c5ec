"""What the commands print never commands the terminal it is printed on."""

from __future__ import annotations

import json

import pytest

from deployments.cli import console
from deployments.cli.tables import Column, Kind, Table

RAW = "\x1b[31mred\x1b[0m \x1b]0;title\x07\x7f\x9b2J"
SHOWN = "red ␛]0;title␇␡\\x9b2J"


def test_lines_for_people_are_visible_text(capsys: pytest.CaptureFixture[str]) -> None:
    console.say(f"{RAW}\nnext")
    console.warning(RAW)
    console.error(RAW)

    out, err = capsys.readouterr()
    assert out == f"{SHOWN}\nnext\n"
    assert err == f"warning: {SHOWN}\nerror: {SHOWN}\n"


def test_tables_and_paragraphs_are_visible_text(capsys: pytest.CaptureFixture[str]) -> None:
    console.show(Table((Column("name", Kind.NAME), Column("why", Kind.TEXT)), [("a", RAW)]))
    console.show(console.numbered({1: RAW}))

    shown = [line.strip() for line in capsys.readouterr().out.splitlines() if "red" in line]
    assert shown == [f"a     {SHOWN}", f"1  {SHOWN}"]


def test_json_has_no_raw_control_character_and_means_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"message": RAW, "lines": "one\r\ntwo"}

    console.show_json(value)

    out = capsys.readouterr().out
    assert not [each for each in out if each != "\n" and (each < " " or "\x7f" <= each <= "\x9f")]
    assert json.loads(out) == value
