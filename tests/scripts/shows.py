"""Prints variables of its environment, as NAME=value, to both streams. Words: their names."""

import os
import sys

from common import WORDS

for name in WORDS:
    print(f"{name}={os.environ.get(name)}")
    print(f"{name}={os.environ.get(name)}", file=sys.stderr)
