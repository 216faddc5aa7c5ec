"""A log that neither secrets nor control characters reach."""

from __future__ import annotations

import logging

import pytest

from tasks.redaction.redacted_log import RedactedLog
from tasks.redaction.redactor import Redactor


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> RedactedLog:
    caplog.set_level(logging.INFO)
    return RedactedLog(logging.getLogger("rhythm.tests.redacted"), Redactor(["s3cret"]))


def test_secrets_are_taken_out_of_the_message_and_its_arguments(
    log: RedactedLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.info("s3cret %s and %s", "s3cret", ["s3cret"])
    log.warning("%(who)s has it", {"who": "s3cret"})

    assert caplog.messages == ["*** *** and ['***']", "*** has it"]
    assert all("s3cret" not in str(vars(record)) for record in caplog.records)


def test_a_secret_that_only_the_whole_message_has_is_taken_out(
    log: RedactedLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.error("s3%s", "cret")

    assert caplog.messages == ["***"]
    assert caplog.records[0].levelno == logging.ERROR


def test_a_message_without_arguments_may_hold_per_cent_signs(
    log: RedactedLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.info("100 % of %s")

    assert caplog.messages == ["100 % of %s"]


def test_what_is_not_text_is_logged_as_text(log: RedactedLog, caplog: pytest.LogCaptureFixture) -> None:
    log.info(ValueError("s3cret"))

    assert caplog.messages == ["***"]


def test_a_traceback_is_reported_without_secrets(log: RedactedLog, caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("s3cret is wrong")
    except ValueError as error:
        log.exception("it failed")
        log.error("again", exc_info=error)

    for said, message in zip(caplog.messages, ["it failed", "again"], strict=True):
        assert said.startswith(f"{message}\nTraceback (most recent call last)")
        assert said.endswith("ValueError: *** is wrong")
    assert "s3cret" not in caplog.text


def test_control_characters_are_shown_and_colours_are_not(
    log: RedactedLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.info("s3\x1b[1mcret\x1b[0m\x07\nnext %s", "\x9b2J")

    assert caplog.messages == ["***␇\nnext \\x9b2J"]


def test_what_is_below_the_level_is_not_even_made_into_text(log: RedactedLog) -> None:
    class Costly:
        def __str__(self) -> str:
            raise AssertionError("nobody asked")

    log.debug("%s", Costly())
