"""Lays out the context of the day."""

from diary import DATA, written_down

with written_down("context_rhythm"):
    DATA.joinpath("context.md").write_text("# Today\n", encoding="utf-8")
