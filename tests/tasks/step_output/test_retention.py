"""What of the output of steps is deleted, and when that is looked at."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tasks.step_output.places import Attempt, folder
from tasks.step_output.retention import Kept, prune, surplus

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
KEEP = timedelta(days=30)

files = st.lists(
    st.builds(
        lambda days, size, may_grow: (NOW - timedelta(days=days), size, may_grow),
        st.integers(0, 60),
        st.integers(0, 100),
        st.booleans(),
    ),
    max_size=20,
).map(lambda found: [Kept(at, Path(str(n)), size, grows) for n, (at, size, grows) in enumerate(found)])


@given(files=files, most=st.integers(0, 500))
def test_what_is_old_goes_and_the_oldest_of_what_is_too_much(files: list[Kept], most: int) -> None:
    deleted = set(surplus(files, NOW, KEEP, most))
    kept = [file for file in files if file.path not in deleted]
    whole = [file for file in kept if not file.may_grow]

    assert all(NOW - file.began <= KEEP for file in whole)
    assert sum(file.size for file in kept) <= most + sum(file.size for file in files if file.may_grow)
    assert not {file.path for file in files if file.may_grow} & deleted
    for file in files:
        if file.path in deleted and NOW - file.began <= KEEP:  # it had no room beside what is not older
            assert sum(each.size for each in kept if each.began >= file.began) + file.size > most


def test_it_is_looked_at_once_in_an_hour_or_after_a_large_file(tmp_path: Path) -> None:
    def put() -> Path:
        path = folder(tmp_path, "g", "s") / f"{Attempt(now - 2 * KEEP, 'g', 's', '').stem}.log.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        return path

    now = datetime.now(UTC)
    marker = tmp_path / "steps" / ".looked"
    assert prune(tmp_path, now, KEEP, 10**9) == 0

    old = put()
    assert prune(tmp_path, now, KEEP, 10**9) == 1
    assert not old.exists()

    old = put()
    assert prune(tmp_path, now, KEEP, 10**9) == 0
    assert prune(tmp_path, now, KEEP, 10**9, written=2 * 10**6) == 1

    old = put()
    os.utime(marker, (now.timestamp() - 3601,) * 2)
    assert prune(tmp_path, now, KEEP, 10**9) == 1

    old = put()
    os.utime(marker, (now.timestamp() + 7200,) * 2)  # the clock was set back
    assert prune(tmp_path, now, KEEP, 10**9) == 1


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    notes = folder(tmp_path, "g", "s") / "notes.log"
    notes.parent.mkdir(parents=True)
    notes.write_text("mine")
    os.utime(notes, (0, 0))

    assert prune(tmp_path, datetime.now(UTC), KEEP, 1) == 0
    assert notes.exists()
