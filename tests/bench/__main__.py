"""`python -m tests.bench`: what 42 scripts cost that are due at once, by Rhythm and by others.

With a NAME, another benchmark. No test asserts any of it.
"""

from __future__ import annotations

import argparse
import signal
import sys
from importlib import import_module
from pathlib import Path

from tests.bench.growth import run as growth
from tests.bench.table import SYSTEMS
from tests.bench.table import run as table

BENCHMARKS = (
    "builtins",
    "calendars",
    "endurance",
    "growth",
    "guard",
    "lines",
    "outgrowing",
    "pacing",
    "powershell",
    "readings",
    "soak",
    "spikes",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, help="instead of the table")
    parser.add_argument("--repeats", type=int, default=3, help="how often each thing is measured (3)")
    parser.add_argument(
        "--only", nargs="+", choices=SYSTEMS, default=[], help="systems, beside the bare loop"
    )
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="series, for spikes and pacing")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all that was started is ended
    if args.name is None:
        table(args.repeats, args.quick, args.only)
        if not args.quick and not args.only:
            growth(args.repeats, args.quick)
    else:
        first = args.data if args.name in ("spikes", "pacing") else args.repeats
        import_module(f"tests.bench.{args.name}").run(first, args.quick)


if __name__ == "__main__":
    main()
