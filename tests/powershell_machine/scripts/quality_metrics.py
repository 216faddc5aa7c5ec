"""How many answers were good?"""

import csv

from diary import DATA, written_down

with written_down("quality_metrics"), DATA.joinpath("feedback.csv").open(encoding="utf-8") as file:
    stars = [int(row["stars"]) for row in csv.DictReader(file)]
    print(f"평균 별점: {sum(stars) / len(stars):.1f}")
