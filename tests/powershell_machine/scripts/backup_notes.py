"""Copies the notes."""

import shutil

from diary import DATA, written_down

with written_down("backup_notes"):
    shutil.copy(DATA / "notes.md", DATA / "notes.bak.md")
    print("노트를 복사했습니다")
