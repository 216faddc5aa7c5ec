"""What a server of ours answers beside Prefect: its identity, and tickets for the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from prefect.settings import PREFECT_HOME, temporary_settings
from starlette.applications import Starlette

from deployments.server import identity
from deployments.server.address import Address
from deployments.server.sign_in import SignIn, Tickets

PASSWORD = "rhythm:correct horse"  # noqa: S105 - a test's own
HEADERS = Address("", password=PASSWORD).headers


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(SignIn(Starlette(), PASSWORD, Tickets(clock))) as client:
        yield client


def asking(app: SignIn) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:4200")


async def ticket(client: httpx.AsyncClient) -> str:
    answer = await client.post(identity.TICKETS, headers=HEADERS)
    return str(answer.json()["ticket"])


async def redeem(client: httpx.AsyncClient, ticket: str) -> str | None:
    answer = await client.post(identity.SIGN_IN, content=ticket)
    return str(answer.json()["password"]) if answer.is_success else None


async def test_a_ticket_is_good_for_one_use(client: httpx.AsyncClient) -> None:
    issued = await ticket(client)

    assert await redeem(client, issued) == PASSWORD
    assert await redeem(client, issued) is None


async def test_a_ticket_is_good_for_a_minute(client: httpx.AsyncClient, clock: Clock) -> None:
    first, second = await ticket(client), await ticket(client)

    clock.now = 59.0
    assert await redeem(client, first) == PASSWORD
    clock.now = 60.0
    assert await redeem(client, second) is None


@pytest.mark.parametrize("made_up", ["", "x", "비밀", "a" * 100_000])
async def test_a_ticket_that_was_never_issued_opens_nothing(client: httpx.AsyncClient, made_up: str) -> None:
    await ticket(client)

    assert await redeem(client, made_up) is None


@pytest.mark.parametrize(
    "header", [None, "", "Basic", "Basic x", f"Bearer {PASSWORD}", "Basic cmh5dGhtOndyb25n", "basic \xff"]
)
async def test_a_ticket_is_issued_by_the_password_alone(
    client: httpx.AsyncClient, header: str | None
) -> None:
    headers = {} if header is None else {b"Authorization": header.encode("latin-1")}

    answer = await client.post(identity.TICKETS, headers=headers)

    assert answer.status_code == 401
    assert "ticket" not in answer.json()


def test_expired_tickets_are_forgotten(clock: Clock) -> None:
    tickets = Tickets(clock)
    for at in range(0, 6000, 60):
        clock.now = at
        last = tickets.issue()

    assert list(tickets._issued) == [last]


async def test_neither_the_page_nor_what_it_gets_is_kept_anywhere(client: httpx.AsyncClient) -> None:
    page = await client.get(identity.SIGN_IN)
    got = await client.post(identity.SIGN_IN, content=await ticket(client))

    for answer in (page, got):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert PASSWORD not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_its_identity_proves_that_it_knows_the_password_and_gives_nothing_away(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    with temporary_settings({PREFECT_HOME: tmp_path}):
        said = (await client.get(identity.PATH, params={"nonce": "n"})).json()

    assert said == {
        "home": identity.home_digest(tmp_path),
        "proof": identity.proof(PASSWORD, "n", ("127.0.0.1", 4200)),
    }


def test_a_proof_is_good_for_its_question_and_its_connection_alone() -> None:
    one = identity.proof(PASSWORD, "n", ("127.0.0.1", 4200))

    assert one != identity.proof(PASSWORD, "m", ("127.0.0.1", 4200))
    assert one != identity.proof(PASSWORD, "n", ("127.0.0.1", 4201))
    assert one != identity.proof(PASSWORD, "n", ("::1", 4200))
    assert one != identity.proof("rhythm:another", "n", ("127.0.0.1", 4200))


async def test_a_server_without_a_password_proves_nothing() -> None:
    async with asking(SignIn(Starlette(), None)) as client:
        assert (await client.get(identity.PATH)).json()["proof"] == ""
        assert await redeem(client, await ticket(client)) == ""


async def test_everything_else_is_left_to_prefect(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/health")).status_code == 404
    assert (await client.get("/rhythmic")).status_code == 404
