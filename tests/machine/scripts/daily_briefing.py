"""What happened in the last day."""

from diary import DATA, written_down

with written_down("daily_briefing"):
    DATA.joinpath("briefing.md").write_text("# Briefing\n", encoding="utf-8")
