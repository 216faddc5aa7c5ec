"""What went well, and what did not."""

from diary import written_down

with written_down("evening_reflection"):
    print("evening reflection: nothing to report")
