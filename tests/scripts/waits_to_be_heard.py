"""Prints a line, and ends well only if somebody reads it while this still runs."""

import sys

from common import FOLDER, wait_for

print("can you hear me?")
wait_for("heard", 20)
sys.exit(0 if (FOLDER / "heard").exists() else "nobody heard")
