"""The folders that Rhythm keeps from other accounts of this machine, and what is reported of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tasks.files import private_tree
from tasks.settings.project import PROJECT, config_path
from tasks.settings.rhythm_toml import Settings


def shared_outputs(settings: Settings) -> str:
    """Return why outputs_dir is no folder of Rhythm's own ("is …", "holds …"); empty if it is one.

    Raises:
        OSError: it cannot be looked at.
    """
    return private_tree.shared(settings.outputs_dir, _others(settings))


def repair(folder: Path, settings: Settings | None = None, *, deep: bool = True) -> str:
    """Take from others what they may do in a folder, unless it evidently holds more than Rhythm's own.

    Return what to report; empty if nothing was to be done.
    """
    try:
        if private_tree.shared(folder, _others(settings)):
            return ""
        repaired = private_tree.repair(folder, deep=deep)
    except OSError as error:
        return (
            f"{folder} cannot be made private ({error.strerror}): other accounts of this machine may read "
            "what is in it. Name another folder if they must not."
        )
    if not repaired:
        return ""
    return f"made {repaired} below {folder} private: other accounts of this machine could read them"


def _others(settings: Settings | None) -> Iterator[Path]:
    """Yield the folders of what is not Rhythm's own output."""
    with suppress(RuntimeError):  # an account may have no home
        yield Path.home()
    yield config_path().parent
    yield PROJECT
    if settings:
        yield settings.scripts_dir
