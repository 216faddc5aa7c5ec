"""What went well?"""

from diary import DATA, written_down

with written_down("evening_reflection"):
    done = DATA.joinpath("notes.md").read_text(encoding="utf-8").count("- [x]")
    print(f"오늘 마친 일: {done}")
