"""Which version the tables are of, and what the file is called that holds them."""

FILE_NAME = "rhythm.db"

#: The newest of `migrations/versions/`.
HEAD = "6"
#: Where the database records it. Not Alembic's usual name: Prefect, in the same database, uses that.
TABLE = "rhythm_version"
