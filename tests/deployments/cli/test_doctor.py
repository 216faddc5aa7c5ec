"""`rhythm doctor`: what is wrong is named, with what to do."""

from __future__ import annotations

from tests.deployments.command_line import VALID, CommandLine
from tests.end_to_end.workspace import free_port


def test_a_store_that_cannot_be_read_is_named_with_what_to_do(rhythm: CommandLine) -> None:
    rhythm.write(VALID)
    store = rhythm.folder / "outputs" / "rhythm.db"
    store.parent.mkdir()
    store.write_bytes(b"this was never a database, " * 500)

    said = rhythm("doctor", "--json", PREFECT_SERVER_API_PORT=str(free_port()))

    assert said.code == 1
    (problem,) = [each for each in said.json["problems"] if each["where"].startswith("store")]
    assert str(store) in problem["where"]
    assert "not a database" in problem["problem"]
    assert "Move it away" in problem["remedy"]


def test_a_database_that_nobody_can_reach_is_named_without_its_password(rhythm: CommandLine) -> None:
    rhythm.write(VALID)

    url = f"postgresql://rhythm:hunter2@127.0.0.1:{free_port()}/rhythm"
    said = rhythm("doctor", PREFECT_SERVER_API_PORT=str(free_port()), RHYTHM_DATABASE_URL=url)

    assert said.code == 1
    assert "store postgresql" in said.err
    assert "RHYTHM_DATABASE_URL" in said.err
    assert "hunter2" not in said.out + said.err
    assert "Traceback" not in said.err
