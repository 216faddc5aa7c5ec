"""How often were plans made again, and why?"""

from diary import written_down

with written_down("replan_patterns"):
    print("replan patterns: nothing to report")
