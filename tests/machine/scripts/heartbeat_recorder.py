"""Leaves a heartbeat for the watchdog."""

from diary import DATA, written_down

with written_down("heartbeat_recorder"):
    DATA.joinpath("heartbeat.json").write_text('{"alive": true}', encoding="utf-8")
