"""Takes the instance lock, announces itself, and keeps it until it is asked to end; 7 if it is taken.

Words: the folder for outputs.
"""

import sys
from pathlib import Path

from common import WORDS, say, wait_for

from deployments.server import instance_lock

outputs = Path(WORDS[0])
with instance_lock.acquired(outputs) as ours:
    if not ours:
        sys.exit(7)
    with instance_lock.announced(outputs, "http://127.0.0.1:1/api"):
        say("held")
        wait_for()
