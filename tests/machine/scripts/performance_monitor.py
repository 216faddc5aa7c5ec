"""How busy is the machine?"""

from diary import written_down

with written_down("performance_monitor"):
    print("performance monitor: nothing to report")
