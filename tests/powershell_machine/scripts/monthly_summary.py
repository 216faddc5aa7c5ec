"""How long are the notes by now?"""

from diary import DATA, written_down

with written_down("monthly_summary"):
    print(f"{len(DATA.joinpath('notes.md').read_text(encoding='utf-8').split())} words")
