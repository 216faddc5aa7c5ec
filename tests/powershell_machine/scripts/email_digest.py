"""Makes a mail of the briefing; nobody sends it."""

from email.message import EmailMessage

from diary import DATA, written_down

with written_down("email_digest"):
    mail = EmailMessage()
    mail["Subject"] = "브리핑"
    mail.set_content(DATA.joinpath("briefing.md").read_text(encoding="utf-8-sig"))
    print(f"{len(mail.as_bytes())} bytes")
