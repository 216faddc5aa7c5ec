"""What Prefect prints on a console of what scripts have printed."""

from __future__ import annotations

import io
import logging

import pytest
from prefect.logging.handlers import PrefectConsoleHandler

from deployments.prefect_internals import console_text

LINE = "root:x:0:0:root [red]plain[/red] :smile:"


def test_neither_emoji_codes_nor_markup_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PrefectConsoleHandler, "emit", PrefectConsoleHandler.emit)
    console_text.as_it_is()
    stream = io.StringIO()
    handler = PrefectConsoleHandler(stream)

    handler.emit(logging.makeLogRecord({"msg": LINE, "levelno": logging.INFO}))

    assert stream.getvalue() == f"{LINE}\n"
