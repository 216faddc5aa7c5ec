"""What the tests of the worker share."""

from tests.deployments.worker.rhythm import rhythm as rhythm
from tests.deployments.worker.trap import trap as trap
