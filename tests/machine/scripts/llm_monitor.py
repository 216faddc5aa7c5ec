"""Is the local language model there?"""

from diary import written_down

with written_down("llm_monitor"):
    print("llm monitor: nothing to report")
