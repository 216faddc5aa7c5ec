"""Prints bytes, given in hexadecimal, and ends with a code. Words: code, bytes."""

import os
import sys

from common import WORDS

os.write(1, bytes.fromhex(WORDS[1] if len(WORDS) > 1 else ""))
sys.exit(int(WORDS[0]))
