"""What is said of who else could command a rhythm."""

from __future__ import annotations

import pytest

from deployments.server import exposure
from tasks.settings.server import Listen
from tests.conftest import MakeSettings

GROUP = '[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n'


@pytest.mark.parametrize(
    ("host", "text", "is_open", "expected"),
    [
        ("127.0.0.1", "", False, []),
        ("::1", "", False, []),
        ("127.0.0.1", "", True, ["auth"]),
        ("0.0.0.0", "", False, ["listen", "allowed_hosts"]),  # noqa: S104 - not listened at
        ("192.168.1.5", 'allowed_hosts = ["box:4200"]\n', False, ["listen"]),
    ],
)
def test_what_opens_the_server_to_others_is_said(
    make_settings: MakeSettings, host: str, text: str, is_open: bool, expected: list[str]
) -> None:
    found = exposure.warnings(Listen(host, 4200), make_settings(text + GROUP), is_open=is_open)

    assert [warning.where for warning in found] == expected
    assert all("4200" in str(warning) for warning in found)
