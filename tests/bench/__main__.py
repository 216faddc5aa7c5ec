"""`python -m tests.bench NAME`: what things cost, measured here and now. No test asserts any of it."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

BENCHMARKS = ("builtins", "overhead", "spikes")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("--repeats", type=int, default=5, help="how often each thing is measured (5)")
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="labelled series, for spikes")
    args = parser.parse_args()
    first = args.data if args.name == "spikes" else args.repeats
    import_module(f"tests.bench.{args.name}").run(first, args.quick)


if __name__ == "__main__":
    main()
