"""What the tests of processes share."""

from tests.family import family as family
