"""Which incidents come together?"""

from diary import DATA, written_down

with written_down("incident_correlation"):
    print(DATA.joinpath("incidents.json").read_text(encoding="utf-8"))
