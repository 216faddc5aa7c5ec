"""What the tests of processes share, and those of the store."""

from tests.family import family as family
from tests.postgresql import postgresql as postgresql
from tests.postgresql import postgresql_url as postgresql_url
