"""Takes the house, notes itself as its host, and keeps it until it is told to end; 7 if it is taken.

Words: the folder for outputs.
"""

import sys
from pathlib import Path

from common import WORDS, say, wait_for

from deployments import house

outputs = Path(WORDS[0])
with house.taken(outputs) as ours:
    if not ours:
        sys.exit(7)
    with house.noted(outputs, "http://127.0.0.1:1/api"):
        say("held")
        wait_for()
