"""Times one question to each model."""

from diary import DATA, written_down

with written_down("benchmark_models"):
    DATA.joinpath("benchmarks.json").write_text("[]", encoding="utf-8")
