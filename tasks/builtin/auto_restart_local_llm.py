"""Starts a service again that no longer answers: every endpoint that has a `start` command.

After `restart_after` failed probes in a row it is stopped (by its `stop` command; else our own child, or
the process with exactly its command line), started, and waited for. At most `restarts_per_hour`, and
only reported, not done, unless the endpoint has `restart = true`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from time import monotonic, sleep

import psutil
from filelock import FileLock, Timeout

from tasks.builtin.contract import Context, Parser, Report
from tasks.builtin.endpoints import service_process
from tasks.builtin.endpoints.probe import ask_at_once
from tasks.builtin.endpoints.service_process import ServicePaths, StartError
from tasks.files import private
from tasks.markdown import table
from tasks.outcome import StepFailedError
from tasks.process.ending import GRACE
from tasks.settings.endpoints import EndpointSettings
from tasks.store.measurements import Probe, Sample
from tasks.store.store import Store, StoreError, store_of

_LOOK_BACK = timedelta(hours=24)
_POLL = 0.25  # seconds between two questions to a service that is starting


class Did(StrEnum):
    """What was done about an endpoint."""

    NOTHING = "up"
    WAITED = "failing"
    REPORTED = "would restart"
    DUE = "restart due"
    RESTARTED = "restarted"
    LIMITED = "left alone"
    FAILED = "restart failed"


@dataclass(frozen=True, slots=True)
class Care:
    """What was done about one endpoint, and why."""

    endpoint: str
    did: Did
    text: str

    def __str__(self) -> str:
        return f"{self.endpoint} {self.did}: {self.text}" if self.text else f"{self.endpoint} {self.did}"


def restarts_sample(endpoint: str) -> str:
    """Return the name of the sample that each restart leaves: 1 if it came up, 0 if it did not."""
    return f"service_restart {endpoint}"


def failures_in_a_row(probes: Sequence[Probe]) -> int:
    """Given probes, oldest first, return how many at their end have failed."""
    for count, probe in enumerate(reversed(probes)):
        if probe.ok:
            return count
    return len(probes)


def judge(endpoint: EndpointSettings, probes: Sequence[Probe], restarts: int) -> Care:
    """Return what is to be done about an endpoint. Pure; a restart that is DUE is still to be made.

    `probes` are those up to now, oldest first, at least one; `restarts` were within the last hour.
    """
    last, failures = probes[-1], failures_in_a_row(probes)
    if last.ok:
        return Care(endpoint.name, Did.NOTHING, "")
    if failures < endpoint.restart_after:
        return Care(endpoint.name, Did.WAITED, f"{failures} of {endpoint.restart_after}, {last.error}")
    if restarts >= endpoint.restarts_per_hour:
        often = f"{restarts} restarts within an hour did not help; {last.error}"
        return Care(endpoint.name, Did.LIMITED, often)
    why = f"{failures} failed probes in a row, last: {last.error}"
    if not endpoint.restart:
        return Care(endpoint.name, Did.REPORTED, f"{why}. Set restart = true to have it done")
    return Care(endpoint.name, Did.DUE, why)


def care_for(endpoint: EndpointSettings, context: Context, store: Store) -> Care:
    """Probe one endpoint, and restart it if that is due.

    Raises:
        StoreError: past probes or restarts are not known: nothing has been stopped.
    """
    now = context.now()
    probes = ask_at_once([endpoint], now)
    store.add_probes(probes)
    restarts = store.samples(restarts_sample(endpoint.name), now - timedelta(hours=1))
    care = judge(endpoint, store.probes(endpoint.name, now - _LOOK_BACK), len(restarts))
    if care.did is not Did.DUE:
        return care
    care = _restart_alone(endpoint, care.text, context)
    if care.did is not Did.LIMITED:
        store.add_samples([Sample(now, restarts_sample(endpoint.name), float(care.did is Did.RESTARTED))])
    return care


def main(argv: Sequence[str], context: Context) -> str:
    """Care for every endpoint with a `start`, and report what was done. A failed restart fails the step."""
    Parser("auto_restart_local_llm", "Restarts services that no longer answer.").parse_args(argv)
    watched = [endpoint for endpoint in context.settings.endpoints if endpoint.start]
    if not watched:
        return "nothing to watch: no endpoint in rhythm.toml says how to start it"
    try:
        with store_of(context.settings) as store:
            cares = [_reported(care_for(endpoint, context, store), context) for endpoint in watched]
    except StoreError as error:
        raise StepFailedError(f"past probes are not known, so nothing is restarted: {error}") from error
    rows = [(care.endpoint, care.did.value, care.text) for care in cares]
    context.publish(Report("## Services\n\n" + table(("service", "is", "because"), rows)))
    summary = "; ".join(map(str, cares))
    if any(care.did in (Did.FAILED, Did.LIMITED) for care in cares):
        raise StepFailedError(summary)
    return summary


def _reported(care: Care, context: Context) -> Care:
    well = care.did in (Did.NOTHING, Did.RESTARTED)
    (context.log.info if well else context.log.warning)("%s", care)
    if care.did in (Did.RESTARTED, Did.FAILED):
        name = "restarted" if care.did is Did.RESTARTED else "restart_failed"
        context.emit(f"rhythm.service.{name}", f"endpoint/{care.endpoint}", {"reason": care.text})
    return care


def _restart_alone(endpoint: EndpointSettings, why: str, context: Context) -> Care:
    """Restart an endpoint, unless another process is about it."""
    paths = ServicePaths.of(endpoint, context.settings.outputs_dir)
    try:
        private.make_folder(paths.lock.parent)
        with FileLock(paths.lock, timeout=0, mode=private.FILE):
            return _restart(endpoint, paths, why, context.now)
    except Timeout:
        return Care(endpoint.name, Did.LIMITED, "another process is restarting it")
    except OSError as error:
        return Care(endpoint.name, Did.FAILED, f"{paths.lock.parent} cannot be written ({error.strerror})")


def _restart(endpoint: EndpointSettings, paths: ServicePaths, why: str, now: Callable[[], datetime]) -> Care:
    assert endpoint.start  # noqa: S101 - only such endpoints are cared for
    stopped = _stop(endpoint, paths)
    began = monotonic()
    try:
        process = service_process.start(endpoint.start, endpoint, paths)
    except StartError as error:
        return Care(endpoint.name, Did.FAILED, f"{error}; {stopped}")
    patience = endpoint.startup.total_seconds()
    answered = _until(lambda: _answers(endpoint, now()) or process.poll() is not None, patience)
    if process.poll() is not None:
        fate = f"it ended at once with exit code {process.poll()}"
    elif answered:
        took = monotonic() - began
        return Care(endpoint.name, Did.RESTARTED, f"{why}; {stopped}; answered after {took:.1f} s")
    else:
        service_process.stop(process, GRACE)
        fate = f"it did not answer within {patience:g} s, and was ended again"
    said = service_process.last_output(paths)
    return Care(endpoint.name, Did.FAILED, f"{fate}; {stopped}" + (f"; it said: {said}" if said else ""))


def _stop(endpoint: EndpointSettings, paths: ServicePaths) -> str:
    """Stop the service as far as it is there; return what was done."""
    process = service_process.find(endpoint, paths)
    done = []
    if endpoint.stop:
        done.append(_run_stop(endpoint.stop, endpoint.timeout.total_seconds()))
        if process:
            psutil.wait_procs([process], timeout=GRACE)
    if process is None or not process.is_running():
        return "; ".join(done) or "no process of it was running"
    ended = service_process.stop(process, GRACE)
    done.append(f"killed process {process.pid}" if ended.killed else f"ended process {process.pid}")
    return "; ".join(done)


def _run_stop(command: Sequence[str], timeout: float) -> str:
    patience = max(timeout, GRACE)
    try:
        done = subprocess.run(  # noqa: S603 - an argument list of rhythm.toml's
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience, check=False
        )
    except subprocess.TimeoutExpired:
        return f"its stop command did not end within {patience:g} s"
    except OSError as error:
        return f"its stop command cannot be started ({error.strerror})"
    return "stopped it" if done.returncode == 0 else f"its stop command ended with {done.returncode}"


def _answers(endpoint: EndpointSettings, at: datetime) -> bool:
    (probe,) = ask_at_once([endpoint], at, at_most=2.0)
    return probe.ok


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until it holds, for `seconds` at most; return whether it does."""
    deadline = monotonic() + seconds
    while not (held := condition()) and monotonic() < deadline:
        sleep(_POLL)
    return held
