"""`python -m tests.bench NAME`: what things cost, measured here and now. No test asserts any of it."""

from __future__ import annotations

import argparse
from importlib import import_module

BENCHMARKS = ("builtins", "overhead")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("--repeats", type=int, default=5, help="how often each thing is measured (5)")
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    args = parser.parse_args()
    import_module(f"tests.bench.{args.name}").run(args.repeats, args.quick)


if __name__ == "__main__":
    main()
