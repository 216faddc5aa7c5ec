"""Takes secrets out of texts: what a log, a message or a report may have of them is ***."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tasks.process.environment import lookup
from tasks.process.own_variables import accounts
from tasks.redaction.secret_names import is_secret_name
from tasks.redaction.spellings import SHORTEST, Span, spellings
from tasks.redaction.visible import without_colours
from tasks.settings.rhythm_toml import Settings
from tasks.settings.server import PASSWORD_VARIABLES as PASSWORDS
from tasks.settings.server import SHORTEST_PASSWORD

MASK = "***"

_TELLING = 4  # characters; masking shorter lines of a secret would blot out half the log


class Redactor:
    """Replaces secret values, wherever they stand and however they are spelled, by ***."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # A secret of several lines is printed line by line.
        parts = {part for secret in secrets for part in (secret, *_lines(secret)) if part}
        self._secrets = [spellings(part) for part in sorted(parts)]

    @property
    def longest(self) -> int:
        """Length of the longest spelling of a secret, in characters."""
        return max((secret.longest for secret in self._secrets), default=0)

    def __call__(self, text: str) -> str:
        """Given a text, return it without the secrets, and without colours, which can split one."""
        text = without_colours(text)
        spans = [span for secret in self._secrets for span in secret.spans(text)]
        return _masked(text, spans) if spans else text

    def value(self, value: Any) -> Any:
        """Given a value as JSON has them, return it with its texts redacted, those of keys included."""
        match value:
            case str():
                return self(value)
            case Mapping():
                return {self(str(key)): self.value(each) for key, each in value.items()}
            case Sequence():
                return [self.value(each) for each in value]
            case _:
                return value


def redactor(settings: Settings, env: Mapping[str, str] | None = None) -> Redactor:
    """Return what takes out the values of all variables that are secrets.

    They are those of this process, those that scripts have of the account's, and those of `env`, which
    rhythm.toml gives a step. Of the latter also those are taken out that a name alone shows to be secret,
    unless they are so short that they stand in many an innocent text.
    """
    environments = (os.environ, accounts(), env or {})
    values = [lookup(environ, name) for environ in environments for name in settings.secrets]
    # What Prefect calls an auth string is a name and a password; either may be printed without the other.
    halves = (lookup(environ, name).partition(":")[2] for environ in environments for name in PASSWORDS)
    given = (env or {}).items()
    values += [value for name, value in given if is_secret_name(name) and len(value) >= SHORTEST]
    return Redactor([*values, *(half for half in halves if len(half) >= SHORTEST_PASSWORD)])


def _lines(secret: str) -> list[str]:
    """Return a secret's lines, however indented; a bracket alone in one gives nothing away."""
    lines = [line.strip() for line in secret.splitlines() if line.strip()]
    return [line for line in lines if len(line) >= _TELLING] if len(lines) > 1 else lines


def _masked(text: str, spans: Iterable[Span]) -> str:
    """Return a text with one mask for each span, and for spans that overlap one for all of them."""
    kept: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if start >= end:
            kept += text[end:start], MASK
        end = max(end, stop)
    return "".join([*kept, text[end:]])
