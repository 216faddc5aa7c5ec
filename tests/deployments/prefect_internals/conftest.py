"""A server of ours in this process, which changes Prefect's settings for all of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from prefect.context import refresh_global_settings_context

from deployments.prefect_internals.internal import ChangedError, Internal
from tests.conftest import MakeSettings

#: Makes a server, which is not yet started.
MakeServer = Callable[[], None]


def changed(one: Internal) -> Internal:
    """Return the same for a Prefect that has changed, so that it cannot be used."""

    def check() -> None:
        raise ChangedError("a test has taken it away")

    return replace(one, check=check)


ONE_GROUP = '[groups.none]\nevery = "1h"\nsteps = ["check_health"]\n'


@pytest.fixture
def make_server(make_settings: MakeSettings) -> Iterator[MakeServer]:
    """Make one; what it has changed is changed back."""
    from deployments.server.address import bound
    from deployments.server.api_server import ApiServer
    from tasks.settings.server import Listen

    before = dict(os.environ)

    def make() -> None:
        ApiServer(stack.enter_context(bound(Listen("127.0.0.1", 0))), make_settings(ONE_GROUP), secret=None)

    with ExitStack() as stack:
        yield make
    os.environ.clear()
    os.environ.update(before)
    refresh_global_settings_context()
