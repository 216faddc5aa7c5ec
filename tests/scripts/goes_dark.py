"""Closes both its streams and goes on until it is asked to end; then ends with 4."""

import os

from common import say, wait_for

print("the last word", flush=True)
os.close(1)
os.close(2)
say("dark")
wait_for()
os._exit(4)
