"""Takes the next piece of work from the list."""

from diary import written_down

with written_down("autonomous_work_worker"):
    print("autonomous work worker: nothing to report")
