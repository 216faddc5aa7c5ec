"""Prints 2,000 lines, and early among them two on standard error."""

import sys

for number in range(2000):
    print("line", number, flush=True)
    if number in (500, 600):
        print("error", number // 100 - 4, file=sys.stderr, flush=True)
