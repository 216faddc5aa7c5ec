"""Compiles Python scripts and runs none: for the interpreter that will run them, whatever Python 3 that is.

Given are two files, as parse.ps1 has them: a JSON list of paths, and the one that is to take an answer for
each, a line of JSON: null, or the line and the message of its syntax error.
"""

import json
import sys


def error(path: str) -> object:
    """Return what is wrong with a script, if anything; no .pyc is written."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - older Pythons, and nothing to import
            compile(file.read(), path, "exec", dont_inherit=True)
    except SyntaxError as fault:
        return [fault.lineno or 1, str(fault.msg)]
    except ValueError as fault:  # a NUL character, before Python 3.12
        return [1, str(fault)]
    except (OSError, MemoryError, RecursionError, OverflowError):
        return None
    return None


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as question:  # noqa: PTH123
        paths = json.loads(question.read().decode("ascii"))
    with open(sys.argv[2], "wb") as answer:  # noqa: PTH123
        for path in paths:
            answer.write((json.dumps(error(path)) + "\n").encode("ascii"))
