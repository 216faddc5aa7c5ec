"""`rhythm up` around its daemon: what it says when that dies again and again."""

from __future__ import annotations

from tests.deployments.command_line import VALID, CommandLine

# `rhythm up` with another program in the place of the daemon, and restarts that come at once.
UP = """
import sys
from deployments.cli import up
from deployments.daemon import supervisor
supervisor._FIRST = 0.01
up.module_argv = lambda *words: [sys.executable, "-c", sys.argv[1]]
sys.exit(up.run(isolated=False))
"""
DIES = """
import pathlib, sys
log = pathlib.Path("outputs/logs/rhythm.log")
log.parent.mkdir(parents=True, exist_ok=True)
with log.open("a") as file:
    file.write("Traceback (most recent call last):\\nOSError: [Errno 28] No space left on device\\n")
sys.exit(70)
"""


def test_one_that_dies_at_each_start_ends_with_1_the_last_error_and_its_log(rhythm: CommandLine) -> None:
    rhythm.write(VALID)

    said = rhythm.python("-c", UP, DIES, RHYTHM_CONFIG=str(rhythm.config))

    assert said.code == 1
    assert said.out.count("it has died (exit code 70), and is started again in") == 2
    log = rhythm.folder / "outputs" / "logs" / "rhythm.log"
    assert said.err.endswith(
        "error: given up: it has died 3 times within 60 s of its start. "
        f"The last error: OSError: [Errno 28] No space left on device. Its log: {log}\n"
    )


def test_an_error_of_an_earlier_time_is_not_taken_for_it(rhythm: CommandLine) -> None:
    rhythm.write(VALID)
    log = rhythm.folder / "outputs" / "logs" / "rhythm.log"
    log.parent.mkdir(parents=True)
    log.write_text("ValueError: long ago\n")
    long_ago = "import os; os.utime('outputs/logs/rhythm.log', (1, 1)); import sys; sys.exit(1 + 69)"

    said = rhythm.python("-c", UP, long_ago, RHYTHM_CONFIG=str(rhythm.config))

    assert said.code == 1
    assert said.err.endswith(f"of its start. Its log: {log}\n")


def test_a_rhythm_toml_that_broke_meanwhile_hides_nothing(rhythm: CommandLine) -> None:
    rhythm.write("x = [")

    said = rhythm.python("-c", UP, "raise SystemExit(70)", RHYTHM_CONFIG=str(rhythm.config))

    assert said.code == 1
    assert said.err.endswith("of its start. What it said stands above.\n")
