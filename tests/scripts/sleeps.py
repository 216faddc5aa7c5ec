"""Sleeps until it is asked to end. Words: deaf (ignores SIGTERM), chatty (prints), and what to say first."""

import os
import time

from common import FOLDER, WORDS, be_deaf, say, wait_for

if "deaf" in WORDS:
    be_deaf()
say(WORDS[-1] if WORDS else "sleeping")
if "chatty" in WORDS:
    while not (FOLDER / "end").exists():
        try:
            os.write(1, b"still here\n")
        except OSError:
            break
        time.sleep(0.05)
wait_for()
