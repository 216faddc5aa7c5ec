"""Are the goals of the week still the right ones?"""

from diary import written_down

with written_down("goal_review"):
    print("goal review: nothing to report")
