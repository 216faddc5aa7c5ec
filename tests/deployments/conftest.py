"""What the tests of processes and of commands share."""

from tests.deployments.command_line import rhythm as rhythm
from tests.family import family as family
