"""Only this package leans on what is private to Prefect and others, or changes what is not its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployments.prefect_internals.trespass import trespasses
from tests.test_layers import FILES, name

PACKAGE = "deployments/prefect_internals/"
OUTSIDE = [path for path in FILES if not name(path).startswith(PACKAGE)]


@pytest.mark.parametrize("path", OUTSIDE, ids=name)
def test_no_other_file_leans_on_what_is_private_or_patches_it(path: Path) -> None:
    assert trespasses(path.read_text(encoding="utf-8")) == []


def test_those_of_the_package_would_be_found() -> None:
    found = {name(path): trespasses(path.read_text(encoding="utf-8")) for path in FILES}

    leaning = {"background", "transactions", "timezones", "worker_environment", "suspension"}
    leaning |= {"separate_process", "drain", "log_batches", "console_text"}
    assert {path for path, what in found.items() if what} == {f"{PACKAGE}{file}.py" for file in leaning}


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("from prefect._internal.schemas import validators", "imports prefect._internal"),
        ("from prefect import _flow_run_suspension", "imports prefect._flow_run_suspension"),
        ("from prefect.types._datetime import now", "imports prefect.types._datetime"),
        ("def f():\n    import prefect.runner._starter_engine as engine", "imports prefect.runner._starter"),
        ("from uvicorn._types import ASGI3Application", "imports uvicorn._types"),
        ("from docket import Worker", "imports docket"),
        ("import_module('prefect._internal.observers')", "imports prefect._internal"),
        ("load('prefect._internal.observers:Observer')", "imports prefect._internal"),
        ("import_module('prefect.' + '_internal')", "cannot be seen"),
        ("import_module(f'{package}._internal')", "cannot be seen"),
        ("from unittest.mock import patch", "replaces what is not its own"),
        ("def f(client):\n    client._client.timeout = 1", "uses client._client"),
        ("getattr(worker, '_limiter')", "uses _limiter"),
        ("operator.attrgetter('_limiter')(worker)", "uses _limiter"),
        ("vars(worker)['_limiter']", "uses vars(worker)"),
        ("worker.__dict__['_limiter']", "uses worker.__dict__"),
        ("super()._base_environment()", "uses super()._base_environment"),
        ("from prefect.server.api import server\nserver.Docket = None", "changes server.Docket"),
        ("import prefect.server.api.server as s\ns.Docket = None", "changes s.Docket"),
        ("import prefect\nprefect.flow_engine.run_flow = None", "changes prefect.flow_engine.run_flow"),
        ("from prefect.flow_engine import run_flow\nrun_flow.__code__ = None", "changes run_flow.__code__"),
        ("def f():\n    from prefect import engine as e\n    o = e\n    o.x = 1", "changes o.x"),
        ("m = import_module('deployments.x')\nm.y = 1", "changes m.y"),
        ("import sys\nm = sys.modules['prefect']\nm.flow = 1", "changes m.flow"),
        ("import sys\nsys.modules['prefect.x'] = None", "changes sys.modules"),
        ("from prefect import engine, flows\nfor m in (engine, flows):\n    del m.x", "changes m.x"),
        ("setattr(module, 'Docket', None)", "changes module by setattr"),
        ("vars(module)['Docket'] = None", "changes vars(module)"),
        ("vars(module).update(Docket=None)", "changes vars(module) by update"),
        ("module.__dict__['Docket'] = None", "changes module.__dict__"),
        (
            "from prefect.server.database.dependencies import MODELS_DEPENDENCIES as M\nM['orm'] = None",
            "changes M['orm']",
        ),
        ("from prefect.settings import X\nX.update(a=1)", "changes X by update"),
        ("from prefect.server.database.configurations import MODE\nMODE.set('x')", "changes MODE by set"),
        ("import prefect.context as c\nc.FlowRunContext.__var__.set(1)", "changes c.FlowRunContext.__var__"),
        (
            "from prefect.workers.process import ProcessWorker\n"
            "class Mine(ProcessWorker):\n    def f(self):\n        self._logger.info('')",
            "Mine has _logger",
        ),
        (
            "from prefect.workers.process import ProcessWorker\n"
            "class Mine(ProcessWorker):\n    def f(self):\n        self._last_polled_time = 1",
            "Mine has _last_polled_time",
        ),
        (
            "import prefect.workers.base as base\n"
            "class Mine(base.BaseWorker[int, int, int]):\n    _logo_url = ''",
            "Mine has _logo_url",
        ),
        (
            "from prefect.workers.process import ProcessJobConfiguration\n"
            "class A(ProcessJobConfiguration): pass\n"
            "class B(A):\n    @classmethod\n    def _base_environment(cls): ...",
            "B has _base_environment",
        ),
        (
            "from deployments.worker.rhythm_worker import RhythmWorker\n"
            "class Mine(RhythmWorker):\n    async def _submit_run(self, flow_run): ...",
            "Mine has _submit_run",
        ),
    ],
)
def test_each_way_to_do_it_is_found(source: str, what: str) -> None:
    assert what in "\n".join(trespasses(source))


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos._exit(1)",
        "import os\nos.environ['PREFECT_API_URL'] = ''",
        "class A:\n    _x = 1\n    def f(self):\n        self._x += self._y",
        "from prefect.workers.process import ProcessWorker\n"
        "class Mine(ProcessWorker):\n    def f(self):\n        self._ours = 1",
        "class A:\n    def __init__(self):\n        object.__setattr__(self, 'x', 1)",
        "from prefect.client.orchestration import get_client\nc = get_client()\nc.x = 1",
        "from tasks.settings import rhythm_toml\nfrom flows.lock import beat_lock",
        "import_module(f'deployments.cli.{name}')",
        "'a sentence about prefect._internal'",
        "from threading import Thread\nclass T(Thread):\n    def f(self):\n        self._mine = 1",
        "def f(x):\n    x.update(a=1)\n    x['a'] = 1",
    ],
)
def test_what_is_ones_own_is_not(source: str) -> None:
    assert trespasses(source) == []
