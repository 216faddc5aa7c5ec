"""Whether the running code is still the one that is there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from deployments.worker import loaded_code
from deployments.worker.loaded_code import LoadedCode


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of a project of its own."""
    monkeypatch.setattr(loaded_code, "PROJECT", tmp_path)
    monkeypatch.setattr(loaded_code, "_PACKAGES", ("some_code",))
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "some_code.py"
    path.write_text("WORD = 1\n")
    import_module("some_code")
    yield path
    del sys.modules["some_code"]


def test_what_was_not_touched_has_not_changed(module: Path) -> None:
    assert LoadedCode().changed() == []


def test_a_file_that_was_written_has_changed_also_if_it_is_as_long(module: Path) -> None:
    code = LoadedCode()
    before = module.stat()
    module.write_text("WORD = 2\n")
    os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000_000))

    assert code.changed() == [module]
    assert code.changed() == [module]


def test_a_file_that_is_gone_has_changed(module: Path) -> None:
    code = LoadedCode()
    module.unlink()

    assert code.changed() == [module]


def test_what_is_imported_later_is_compared_with_what_it_was_then(
    module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = sys.modules.pop("some_code")
    code = LoadedCode()
    module.write_text("WORD = 12345\n")
    monkeypatch.setitem(sys.modules, "some_code", loaded)

    assert code.changed() == []

    module.write_text("WORD = 123456\n")
    assert code.changed() == [module]


def test_the_projects_own_modules_are_among_it() -> None:
    assert Path(loaded_code.__file__) in loaded_code._files(sys.modules)
