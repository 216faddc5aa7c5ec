"""A line of the graphics card's load."""

from diary import DATA, written_down

with written_down("gpu_usage_sampler"):
    DATA.joinpath("gpu_usage.csv").write_text("at,load\n", encoding="utf-8")
