"""What do people say of the answers?"""

import csv

from diary import DATA, written_down

with written_down("feedback_insights"), DATA.joinpath("feedback.csv").open(encoding="utf-8") as file:
    for row in csv.DictReader(file):
        if int(row["stars"]) < 3:
            print("불만:", row["text"])
