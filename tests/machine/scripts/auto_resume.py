"""Takes up the work where it was left."""

from diary import DATA, written_down

with written_down("auto_resume"):
    print(DATA.joinpath("context.md").read_text(encoding="utf-8"))
