"""Accounts, sessions, roles: who may act, until when, and what guessing costs."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import errors

from api.cli.main import cli
from api.forms import local_path, same_origin
from catalog.database import pools
from config.errors import Conflict, Invalid, Unavailable
from config.settings import Settings
from crowd import accounts, audit, passwords, signing
from crowd.accounts import Role, wait_after
from crowd.networks import network_of
from crowd.passwords import Verifier

EMAIL, WORD = "modo@hub.example", "une phrase assez longue"
Hidden = Callable[[str, str], str]


@pytest.fixture
def account(database_settings: Settings) -> int:
    with pools.connect(database_settings, "cli") as conn:
        return accounts.add(conn, "Modo@Hub.example", Role.MODERATOR, WORD)


async def try_to(
    running: Any, hidden: Hidden, password: str, email: str = EMAIL, **more: str
) -> Any:
    page = await running.browser.get("/fr/connexion")
    fields = {"jeton": hidden(page.text, "jeton"), "email": email, "password": password, **more}
    return await running.browser.post("/fr/connexion", data=fields)


async def test_logging_in_and_out(empty_site: Any, hidden: Hidden, account: int) -> None:
    answer = await try_to(empty_site, hidden, WORD, next="/fr/plan-du-site")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/fr/plan-du-site")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie, "http://localhost would not send it back"
    token = empty_site.browser.cookies["guichet_session"]
    page = await empty_site.browser.get("/fr/deconnexion")
    proof = hidden(page.text, "jeton")
    assert proof
    refused = await empty_site.browser.post("/fr/deconnexion", data={"jeton": "0" * 64})
    assert refused.status_code == 403
    done = await empty_site.browser.post("/fr/deconnexion", data={"jeton": proof})
    assert done.status_code == 303
    # The cookie that somebody copied before the logout is dead too.
    async with empty_site.site.pool.connection() as conn:
        here = empty_site.site.settings.accounts
        assert await accounts.of_session(conn, token, here) is None


async def test_a_session_is_kept_as_a_hash(empty_site: Any, hidden: Hidden, account: int) -> None:
    await try_to(empty_site, hidden, WORD)
    token = empty_site.browser.cookies["guichet_session"]
    assert len(token) == 43, "256 bits"
    async with empty_site.site.pool.connection() as conn:
        rows = await (await conn.execute("select token_hash from crowd.session")).fetchall()
    assert [bytes(row[0]) for row in rows] == [accounts.token_hash(token)]


async def test_the_session_changes_at_login(empty_site: Any, hidden: Hidden, account: int) -> None:
    empty_site.browser.cookies.set("guichet_session", "chosen-by-an-attacker")
    await try_to(empty_site, hidden, WORD)
    first = [c.value for c in empty_site.browser.cookies.jar if c.value != "chosen-by-an-attacker"]
    assert len(first) == 1
    async with empty_site.site.pool.connection() as conn:
        here = empty_site.site.settings.accounts
        assert await accounts.of_session(conn, "chosen-by-an-attacker", here) is None
        assert await accounts.of_session(conn, first[0], here) is not None


@pytest.mark.parametrize(
    ("column", "age"), [("seen_at", "12 hours 1 second"), ("created_at", "7 days 1 second")]
)
async def test_sessions_end(
    empty_site: Any, hidden: Hidden, account: int, column: str, age: str
) -> None:
    await try_to(empty_site, hidden, WORD)
    token = empty_site.browser.cookies["guichet_session"]
    async with empty_site.site.pool.connection() as conn:
        here = empty_site.site.settings.accounts
        assert await accounts.of_session(conn, token, here) is not None
        await conn.execute(f"update crowd.session set {column} = now() - interval '{age}'")
        assert await accounts.of_session(conn, token, here) is None


async def test_wrong_and_unknown_look_the_same(
    empty_site: Any, hidden: Hidden, account: int
) -> None:
    def seen(answer: Any, email: str) -> str:
        text = answer.text.replace(hidden(answer.text, "jeton"), "").replace(email, "")
        for mark in ("nonce-", 'nonce="'):
            assert mark not in text
        return text

    known = await try_to(empty_site, hidden, "pas la bonne du tout")
    unknown = await try_to(empty_site, hidden, "pas la bonne du tout", "rien@hub.example")
    assert known.status_code == unknown.status_code == 422
    assert seen(known, EMAIL) == seen(unknown, "rien@hub.example")


async def test_an_unknown_account_costs_the_same_time(account: int) -> None:
    """The medians over some tries: the slowest of a busy machine say nothing."""
    verifier = Verifier()
    hash_ = passwords.hashed(WORD, EMAIL)
    await verifier.verify(None, WORD)  # the first makes its own hash
    spent: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(7):
        for known in (True, False):
            began = time.process_time()
            await verifier.verify(hash_ if known else None, "pas la bonne du tout")
            spent[known].append(time.process_time() - began)
    verifier.close()
    medians = [sorted(times)[3] for times in spent.values()]
    assert abs(medians[0] - medians[1]) < 0.5 * max(medians)


def test_waiting_doubles_and_is_bounded() -> None:
    assert [wait_after(n, 5, 0, 900) for n in (0, 4, 5, 6, 7)] == [0, 0, 2, 4, 8]
    assert wait_after(10_000, 5, 0, 900) == 900
    assert wait_after(7, 5, 9, 900) == 0, "what was waited already counts"


async def guess(found: Any, network: str, password: str, email: str = EMAIL) -> Any:
    async with found.site.pool.connection() as conn:
        return await accounts.log_in(
            conn, found.site.verifier, await found.site.keyring.keys(conn),
            found.site.settings.accounts, email=email, password=password, network=network,
        )  # fmt: skip


async def test_guessing_waits_and_does_not_lock_the_owner_out(
    empty_site: Any, account: int
) -> None:
    """E1: 100 wrong passwords on one account, four at a time."""
    answers = []
    for _ in range(25):
        answers += await asyncio.gather(
            *(guess(empty_site, "203.0.113.0/24", "pas la bonne du tout") for _ in range(4))
        )
    tried = [one for one in answers if one is None]
    assert len(tried) < 15, "the others had to wait and were not even tried"
    assert isinstance(await guess(empty_site, "203.0.113.0/24", WORD), accounts.Wait)
    assert isinstance(await guess(empty_site, "198.51.100.0/24", WORD), str), "the owner, elsewhere"


async def test_one_password_on_a_thousand_accounts_waits_too(empty_site: Any) -> None:
    here = empty_site.site.settings.accounts
    async with empty_site.site.pool.connection() as conn:
        keys = await empty_site.site.keyring.keys(conn)
        for number in range(here.network_failures):
            who = keys.keyed("login", f"m{number}@hub.example")
            await conn.execute(
                "insert into crowd.login_failure (who, network) values (%s, %s)",
                [who, "203.0.113.0/24"],
            )
    found = await guess(empty_site, "203.0.113.0/24", WORD, "one-more@hub.example")
    assert isinstance(found, accounts.Wait)


async def test_waiting_is_said_with_429(empty_site: Any, hidden: Hidden, account: int) -> None:
    answers = [await try_to(empty_site, hidden, "pas la bonne du tout") for _ in range(6)]
    assert [one.status_code for one in answers] == [422] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


async def test_verifications_are_bounded() -> None:
    verifier = Verifier()
    asked = [verifier.verify(None, WORD) for _ in range(passwords.MOST_WAITING + 3)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    verifier.close()
    assert sum(isinstance(one, Unavailable) for one in answers) == 3


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://evil.example", 403), ("null", 403), (None, 403), ("http://127.0.0.1", 403)],
)
async def test_forms_of_other_sites_are_refused(
    empty_site: Any, hidden: Hidden, account: int, origin: str | None, status: int
) -> None:
    """C3: with a valid token, and whatever cookie the browser has."""
    page = await empty_site.browser.get("/fr/connexion")
    fields = {"jeton": hidden(page.text, "jeton"), "email": EMAIL, "password": WORD}
    async with empty_site.another_browser() as browser:
        del browser.headers["Origin"]
        headers = {} if origin is None else {"Origin": origin}
        answer = await browser.post("/fr/connexion", data=fields, headers=headers)
    assert answer.status_code == status
    assert "Set-Cookie" not in answer.headers


def test_a_configured_address_compares_the_scheme_too() -> None:
    here = {"Origin": "http://hub.example"}
    assert not same_origin(here, "https://hub.example", fixed=True)
    assert same_origin(here, "http://hub.example", fixed=True)
    assert same_origin({"Origin": "https://hub.example"}, "http://hub.example", fixed=False)
    told = {"Origin": "http://hub.example", "Sec-Fetch-Site": "cross-site"}
    assert not same_origin(told, "http://hub.example", fixed=True)


@pytest.mark.parametrize(
    "sent",
    ["//evil.example", "https:evil", "https://evil.example", "/\\evil", "\\\\evil", "/fr//evil",
     "/evil", "/fr/../../x", "javascript:alert(1)", "/fr/\nx", "/fr/x#y", "", " /fr/", "/fr/%00é"],
)  # fmt: skip
async def test_next_never_leaves_the_site(
    empty_site: Any, hidden: Hidden, account: int, sent: str
) -> None:
    """A49."""
    assert local_path(sent, "/fr/") == "/fr/"
    answer = await try_to(empty_site, hidden, WORD, next=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/fr/")


def test_local_paths_are_kept() -> None:
    assert (
        local_path("/fr/moderation?etat=tenu&page=2", "/fr/") == "/fr/moderation?etat=tenu&page=2"
    )


async def test_the_form_must_be_ours_and_of_today(empty_site: Any, hidden: Hidden) -> None:
    async with empty_site.site.pool.connection() as conn:
        keys = await empty_site.site.keyring.keys(conn)
    now = signing.datetime.now(signing.UTC)
    day = signing.timedelta(hours=24)
    token = keys.issue("login", now)
    assert keys.read(token, "login", now, day).issued_at <= now
    for bad, purpose, at in (
        (token, "other", now),
        (token, "login", now + day + signing.timedelta(seconds=1)),
        (token[:-2] + "AA", "login", now),
        (token + "=", "login", now),
        ("", "login", now),
        ("é", "login", now),
    ):
        with pytest.raises(signing.BadToken):
            keys.read(bad, purpose, at, day)


async def test_an_old_key_is_believed_until_its_end(database_settings: Settings) -> None:
    """E5, and two processes that start at once make one key."""
    url = database_settings.database.url
    now, day = signing.datetime.now(signing.UTC), signing.timedelta(hours=24)
    async with (
        await psycopg.AsyncConnection.connect(url, autocommit=True) as one,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as two,
    ):
        first, second = await asyncio.gather(signing.believed(one), signing.believed(two))
        assert first == second
        token = first.issue("login", now)
        with psycopg.connect(url) as conn:
            signing.rotate(conn, day)
        rotated = await signing.believed(one)
        assert rotated.current != first.current
        rotated.read(token, "login", now, day)
        await one.execute("update crowd.signing_key set ends_at = now() where ends_at is not null")
        with pytest.raises(signing.BadToken):
            (await signing.believed(one)).read(token, "login", now, day)


def test_passwords_that_would_be_guessed_are_refused() -> None:
    for word in ("short", "aaaaaaaaaaaaaaaa", EMAIL, "x" * 201):
        with pytest.raises(Invalid):
            passwords.hashed(word, EMAIL)


def test_an_address_has_one_account(database_settings: Settings, account: int) -> None:
    with pools.connect(database_settings, "cli") as conn, pytest.raises(Conflict):
        accounts.add(conn, EMAIL, Role.MODERATOR, WORD)


def test_the_command_makes_lists_and_closes(
    database_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUICHET_DATABASE_URL", database_settings.database.url)
    run = CliRunner().invoke
    made = run(cli, ["account", "add", EMAIL, "--role", "administrator"], input=WORD + "\n")
    assert made.exit_code == 0, made.output
    assert WORD not in made.output
    generated = run(cli, ["account", "add", "two@hub.example", "--generate"])
    assert len(generated.output.split("Password: ")[1].strip()) == 24
    assert "administrator" in run(cli, ["account", "list"]).output
    assert run(cli, ["account", "disable", EMAIL]).exit_code == 0
    assert "closed" in run(cli, ["account", "list"]).output
    assert "holds" in run(cli, ["account", "audit"]).output
    assert "outbox" not in run(cli, ["mail", "status"]).output
    with psycopg.connect(database_settings.database.url) as conn:
        done = [row[0] for row in conn.execute("select action from crowd.audit order by id")]
    assert done == ["account-add", "account-add", "account-disable"]


async def test_closing_an_account_ends_its_sessions(
    empty_site: Any, hidden: Hidden, account: int
) -> None:
    await try_to(empty_site, hidden, WORD)
    token = empty_site.browser.cookies["guichet_session"]
    with psycopg.connect(empty_site.site.settings.database.url) as conn:
        accounts.disable(conn, EMAIL)
    async with empty_site.site.pool.connection() as conn:
        assert await accounts.of_session(conn, token, empty_site.site.settings.accounts) is None
    assert (await try_to(empty_site, hidden, WORD)).status_code == 422


# ------------------------------------------------------------------------------ audit


@pytest.mark.parametrize(
    "statement",
    ["update crowd.audit set actor = 'x'", "delete from crowd.audit", "truncate crowd.audit"],
)
def test_the_log_is_append_only(conn: psycopg.Connection, statement: str) -> None:
    audit.write_now(conn, "cli", "test", "nothing")
    with pytest.raises(errors.IntegrityConstraintViolation, match="append-only"):
        conn.execute(statement)


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [("update crowd.audit set details = '{\"a\": 2}' where id = 3", 3),
     ("delete from crowd.audit where id = 4", 5),
     ("update crowd.audit set at = at - interval '1 day' where id = 2", 2)],
)  # fmt: skip
def test_who_alters_the_log_breaks_its_chain(
    conn: psycopg.Connection, tampering: str, broken: int
) -> None:
    for number in range(6):
        audit.write_now(conn, "account:1", "test", f"thing:{number}", a=1, é="ü")
    assert audit.verify(conn) is None
    conn.execute("alter table crowd.audit disable trigger append_only")  # a superuser
    conn.execute(tampering)
    assert audit.verify(conn) == broken


def test_two_who_write_at_once_are_numbered_without_a_gap(database_settings: Settings) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def write(number: int) -> None:
        with psycopg.connect(database_settings.database.url) as conn:
            audit.write_now(conn, f"account:{number}", "test", "x")
            if number % 3 == 0:
                conn.rollback()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    with psycopg.connect(database_settings.database.url) as conn:
        assert [row[0] for row in conn.execute("select id from crowd.audit order by id")] == list(
            range(1, 17)
        )
        assert audit.verify(conn) is None


@pytest.mark.parametrize(
    ("peer", "network"),
    [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::/64", "2001:db8:1::/48"),
     ("::ffff:203.0.113.9", "203.0.113.0/24"), ("", "unknown"), ("unix", "unknown")],
)  # fmt: skip
def test_addresses_are_truncated(peer: str, network: str) -> None:
    assert network_of(peer) == network
