"""Which goals are open?"""

from diary import DATA, written_down

with written_down("goal_review"):
    for line in DATA.joinpath("notes.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("- [ ]"):
            print("남은 목표:", line[6:])
