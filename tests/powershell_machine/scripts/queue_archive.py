"""Puts finished work away."""

from diary import DATA, written_down

with written_down("queue_archive"):
    lines = DATA.joinpath("queue.csv").read_text(encoding="utf-8").splitlines()
    finished = [line for line in lines if line.endswith(",done")]
    DATA.joinpath("archive.csv").write_text("\n".join(finished), encoding="utf-8")
    print(f"보관: {len(finished)}")
