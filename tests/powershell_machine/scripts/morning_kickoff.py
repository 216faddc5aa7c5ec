"""Says good morning with a plan."""

from diary import DATA, written_down

with written_down("morning_kickoff"):
    open_goals = DATA.joinpath("notes.md").read_text(encoding="utf-8").count("- [ ]")
    print(f"좋은 아침입니다! 오늘의 목표: {open_goals}")
