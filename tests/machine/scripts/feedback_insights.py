"""What do people say of the answers?"""

from diary import written_down

with written_down("feedback_insights"):
    print("feedback insights: nothing to report")
