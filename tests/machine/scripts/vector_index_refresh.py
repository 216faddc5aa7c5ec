"""Adds new notes to the index."""

from diary import DATA, written_down

with written_down("vector_index_refresh"):
    print(DATA.joinpath("backup.json").read_text(encoding="utf-8"))
