"""Ends normally, and leaves a child that holds its streams. Words: as for sleeps.py."""

from common import FOLDER, WORDS, start, wait_for

start("sleeps.py", *WORDS, "child")
print("started a child", flush=True)
wait_for("child")
assert (FOLDER / "child").exists()
