"""How many tokens, and what is the trend?"""

from diary import DATA, written_down

with written_down("token_usage_trends"):
    print(DATA.joinpath("gpu_usage.csv").read_text(encoding="utf-8"))
