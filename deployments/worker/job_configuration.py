"""What a run is to be run with: one of ours as this project defines it, whatever the server has."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, WorkPool
from prefect.client.schemas.responses import DeploymentResponse
from prefect.workers.process import ProcessJobConfiguration
from pydantic import PrivateAttr

from deployments.prefect_internals.worker_environment import gathered_once
from deployments.worker.job_variables import set_by_somebody, untouched_template
from deployments.worker.own_flow import ForeignError, OwnFlow, own_flow
from tasks.problem import ConfigError
from tasks.settings import rhythm_toml as config

_REMEDY = "To run such deployments as well, set allow_foreign_deployments = true in rhythm.toml"


@gathered_once
class RhythmJobConfiguration(ProcessJobConfiguration):
    """Looks at a run once, when the worker takes it: what changes on the server afterwards changes nothing.

    By default, a run is neither of ours nor allowed.
    """

    _own: OwnFlow | None = PrivateAttr(default=None)
    _ignored: list[str] = PrivateAttr(default_factory=list)
    _refusal: str | None = PrivateAttr(default="It has not been looked at.")

    @property
    def own(self) -> OwnFlow | None:
        """The flow to run, if it is one of ours."""
        return self._own

    @property
    def ignored(self) -> list[str]:
        """The names of the job variables that were set for one of ours, in vain."""
        return self._ignored

    @property
    def refusal(self) -> str | None:
        """Why one that is not of ours is not run, and what to do about it; None: it may be."""
        return self._refusal

    @classmethod
    async def resolve_for_flow_run(
        cls,
        flow_run: FlowRun,
        *,
        client: PrefectClient,
        work_pool: WorkPool,
        worker_name: str,
        worker_id: UUID | None = None,
        deployment: DeploymentResponse | None = None,
    ) -> Self:
        """Look at a run; for one that is not foreign and allowed, leave out what is set for it."""
        if deployment is None and flow_run.deployment_id:
            deployment = await client.read_deployment(flow_run.deployment_id)
        try:
            own, refusal = own_flow(deployment), None
        except ForeignError as foreign:
            own, refusal = None, _refusal_of(foreign)
        ignored = set_by_somebody(flow_run, deployment, work_pool) if own else []
        if own or refusal:
            work_pool = work_pool.model_copy(update={"base_job_template": untouched_template()})
            flow_run = flow_run.model_copy(update={"job_variables": {}})
            deployment = deployment and deployment.model_copy(update={"job_variables": {}})
        found = await super().resolve_for_flow_run(
            flow_run,
            client=client,
            work_pool=work_pool,
            worker_name=worker_name,
            worker_id=worker_id,
            deployment=deployment,
        )
        found.decide(own, refusal, ignored)
        return found

    def decide(self, own: OwnFlow | None, refusal: str | None, ignored: list[str]) -> None:
        """Set what the run is, from now on: see the properties of these names."""
        self._own, self._refusal, self._ignored = own, refusal, ignored


def _refusal_of(foreign: ForeignError) -> str | None:
    """Return why a foreign run is refused; None if rhythm.toml, as it is now, allows it."""
    try:
        return None if config.load().allow_foreign_deployments else f"{foreign} {_REMEDY}."
    except ConfigError as error:
        return f"{foreign} {_REMEDY}; nothing is allowed by one that cannot be read: {error}"
