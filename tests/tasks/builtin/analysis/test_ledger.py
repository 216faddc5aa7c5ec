"""The ledger: whatever is in it, every line is an event, or counted as none."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.ledger import LONGEST, LONGEST_TEXT, LedgerEvent, LedgerSummary, lines_of, read

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 6, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")
EVENT = b'{"ts": 1772625600, "type": "x"}\n'


def events(lines: Iterable[bytes], since: datetime = LONG_AGO) -> tuple[list[LedgerEvent], LedgerSummary]:
    reading = LedgerSummary()
    return list(read(lines, since, LATER, SEOUL, reading)), reading


@pytest.mark.parametrize(
    "line",
    [
        {"time": "2026-03-04T12:00:00Z", "event": "replan"},
        {"timestamp": "2026-03-04T13:00:00+01:00", "type": "replan"},
        {"ts": 1772625600, "event_type": "replan"},
        {"ts": 1772625600000, "kind": "replan"},
        {"at": "2026-03-04 21:00:00", "name": "replan"},  # without a zone: the settings'
        {"datetime": 1772625600.0, "action": "replan"},
    ],
)
def test_the_usual_names_are_understood(line: dict[str, object]) -> None:
    ((event,), reading) = events([json.dumps(line).encode()])
    assert event == LedgerEvent(NOON, "replan")
    assert (reading.lines, reading.faults) == (1, "")


@pytest.mark.parametrize(
    ("type", "is_one"), [("replan", True), ("plan.Replanned", True), ("REPLAN_DONE", True), ("plan", False)]
)
def test_a_replan_is_what_is_called_one(type: str, is_one: bool) -> None:
    assert LedgerEvent(NOON, type).is_replan is is_one


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"{broken\n", "broken"),
        (b'{"time": "2026-03-04T12:00:00Z", "ev', "cut off"),
        (b"[1, 2]\n", "no objects"),
        (b'"text"\n', "no objects"),
        (b'{"event": "replan"}\n', "without a time"),
        (b'{"time": "yesterday", "event": "replan"}\n', "without a time"),
        (b'{"time": 1e300, "event": "replan"}\n', "without a time"),
        (b'{"time": true, "event": "replan"}\n', "without a time"),
        (b'{"time": "2026-03-04T12:00:00Z"}\n', "without a type"),
        (b'{"time": "2026-03-04T12:00:00Z", "event": 7}\n', "without a type"),
        (b'{"time": "9999-12-31T23:30:00Z", "event": "replan"}\n', "in the future"),
        (b'\xff\xfe{"a": 1}\n', "in no known encoding"),
        (b"\x00\x00\x00\n", "broken"),
        (b"[" * 100_000 + b"\n", "broken"),
    ],
)
def test_what_is_no_event_is_counted_by_kind(line: bytes, kind: str) -> None:
    found, reading = events([line])
    assert found == []
    assert reading.lines == 1
    assert list(reading.bad) in ([kind], ["in no known encoding"] if kind == "broken" else [kind])


def test_faults_are_told_by_kind_most_first() -> None:
    _, reading = events([b"{", b"[]\n", b"[]\n", b'{"ts": 1, "type": "x"}\n'])
    assert reading.faults == "3 of 4 lines are not events: 2 no objects, 1 cut off"


def test_a_key_without_a_value_does_not_hide_another() -> None:
    ((event,), _) = events([b'{"time": null, "ts": 1772625600, "event": null, "type": "replan"}\n'])
    assert event == LedgerEvent(NOON, "replan")


def test_halves_of_characters_and_long_texts_can_be_written_anywhere() -> None:
    line = {"ts": 1772625600, "type": "re\ud800plan", "reason": "x" * 300}
    ((event,), _) = events([json.dumps(line).encode()])
    assert (event.type, event.reason) == ("re?plan", "x" * LONGEST_TEXT)


def test_a_byte_order_mark_and_empty_lines_are_nothing() -> None:
    found, reading = events([b'\xef\xbb\xbf{"ts": 1772625600, "type": "x"}\n', b"\n", b"  \r\n"])
    assert len(found) == reading.lines == 1


def test_events_before_are_left_out_and_are_no_faults() -> None:
    found, reading = events(
        [b'{"ts": 1772625599, "type": "x"}\n', b'{"ts": 1772625600, "type": "x"}\n'], NOON
    )
    assert (len(found), reading.lines, reading.faults) == (1, 2, "")


def test_a_line_of_any_length_takes_no_more_memory_than_the_longest_allowed() -> None:
    file = io.BytesIO(b"x" * (3 * LONGEST) + b"\n" + EVENT)
    lines = list(lines_of(file))
    assert [len(line) for line in lines] == [LONGEST + 1, len(EVENT)]
    found, reading = events(lines)
    assert len(found) == 1
    assert reading.bad == {"too long": 1}


@given(st.lists(st.binary(max_size=200)))
def test_whatever_the_bytes_every_line_is_counted_once(lines: list[bytes]) -> None:
    found, reading = events(lines)
    assert reading.lines == len(found) + reading.bad.total()
    assert reading.lines <= len(lines)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda one: st.dictionaries(st.text(), one)
    )
)
def test_whatever_the_json_nothing_is_raised(value: object) -> None:
    line = json.dumps({"time": value, "event": value, "reason": value}).encode()
    _, reading = events([line, json.dumps(value).encode()])
    assert reading.lines >= 1
