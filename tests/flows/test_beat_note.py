"""What is noted of a beat, as text and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flows.beat_note import BeatNote, read_note
from flows.decisions.holds import Holds, Pause
from flows.decisions.slots import Slot

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "note",
    [
        BeatNote(force=("daily", "hourly")),
        BeatNote(is_held=True),
        BeatNote(holds=Holds(all=Pause())),
        BeatNote(holds=Holds(groups={"daily": Pause(NOON + HOUR), "hourly": Pause()})),
        BeatNote(holds=Holds(skips={"daily": Slot(NOON, NOON + HOUR)})),
        BeatNote(reached=("daily",)),
        BeatNote(reached=()),
    ],
)
def test_a_note_is_read_as_it_was_written(note: BeatNote) -> None:
    text = note.text()

    assert text is not None
    assert read_note(text) == note


def test_a_beat_that_nobody_has_asked_anything_of_has_no_note() -> None:
    assert BeatNote().text() is None
    assert read_note(None) == BeatNote()


@pytest.mark.parametrize("text", ["{", "[1]", '{"skips": {"daily": "12:00"}}', '{"groups": 5}'])
def test_what_is_no_note_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no note of a beat"):
        read_note(text)
