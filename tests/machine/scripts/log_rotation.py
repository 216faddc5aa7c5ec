"""Sets full logs aside."""

from diary import written_down

with written_down("log_rotation"):
    print("log rotation: nothing to report")
