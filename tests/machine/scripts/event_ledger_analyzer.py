"""Counts the events of the ledger."""

from diary import DATA, written_down

with written_down("event_ledger_analyzer"):
    DATA.joinpath("incidents.json").write_text("[]", encoding="utf-8")
