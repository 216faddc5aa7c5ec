"""Mails the briefing."""

from diary import DATA, written_down

with written_down("email_digest"):
    print(DATA.joinpath("briefing.md").read_text(encoding="utf-8"))
