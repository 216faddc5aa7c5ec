"""What the tests of flows share: processes."""

from tests.family import family as family
