"""Which model is the best for which question?"""

from diary import DATA, written_down

with written_down("routing_optimizer"):
    print(DATA.joinpath("benchmarks.json").read_text(encoding="utf-8"))
