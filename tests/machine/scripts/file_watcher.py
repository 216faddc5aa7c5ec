"""Reports every file that changes."""

import time

while True:
    time.sleep(5)
