"""What only a shell would read in a step's string: no shell ever sees it, so it arrives as a word."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deployments.script_check.fault import Fault
from tasks.settings.argv import raw_words

_ESCAPED = re.compile(r"\\.", re.DOTALL)
_SINGLE, _DOUBLE = re.compile(r"'[^']*'"), re.compile(r'"[^"]*"')
_REDIRECTION = re.compile(r"(\d|&)?(>>?|<)(&?\d|[^<>]*)")
_OPERATOR = re.compile(r"\|[|&]?|&&?|;|\S+;")
_VARIABLE = re.compile(r"\$(\w+|\{\w+\}|\()|`|%\w+%")
_GLOB = re.compile(r"[*?]|\[[^\]]+\]")
#: What PowerShell itself reads, without a shell.
_POWERSHELL_VALUES = re.compile(r"\$(true|false|null)$", re.IGNORECASE)

_QUOTE = "If the script is to get it as it is, put it in single quotes."


def faults(text: str, suffix: str) -> Iterator[Fault]:
    """Given a step's string and its script's suffix, yield what arrives otherwise than in a shell.

    A name with * or ? is no fault where Windows' own scripts get it: none of their shells expands it.
    """
    for word in raw_words(text)[1:]:
        plain = _ESCAPED.sub("", word)
        in_double_quotes = _SINGLE.sub("", plain)
        bare = _DOUBLE.sub("", in_double_quotes)
        if _REDIRECTION.fullmatch(bare):
            remedy = "`rhythm logs STEP` has all that it prints; for a file, redirect within the script."
            yield Fault(f"'{word}' redirects nothing: the script gets it as a word", f"{remedy} {_QUOTE}")
        elif _OPERATOR.fullmatch(bare):
            remedy = "Make each command a step of its own, or put the line into a script."
            yield Fault(
                f"'{word}' joins no commands: the script gets it as a word, and all behind it", remedy
            )
        elif bare == "~" or bare.startswith(("~/", "~\\")):
            yield Fault(f"'{word}' is no home folder: the script gets the ~", f"Write the path. {_QUOTE}")
        elif _VARIABLE.search(in_double_quotes) and not (
            suffix == ".ps1" and _POWERSHELL_VALUES.search(in_double_quotes)
        ):
            remedy = "Let the script read the variable itself, or write the value."
            yield Fault(f"'{word}' is not expanded: the script gets it as it is", f"{remedy} {_QUOTE}")
        elif _GLOB.search(bare) and "://" not in bare and suffix not in (".ps1", ".bat", ".cmd"):
            remedy = "Let the script look for the files."
            yield Fault(f"'{word}' is not expanded: the script gets it as it is", f"{remedy} {_QUOTE}")
