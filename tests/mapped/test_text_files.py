"""Files that people publish: letters, separators, broken rows, drift, and what is personal."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from config.errors import Invalid
from harvest.mapped import encodings

PLACES = """
[places]
kind = { value = "library" }
remote_id = "id"
name = "nom"
address = "adresse"
phone = "tel"
email = "mail"
[places.where]
code = "insee"
longitude = "lon"
latitude = "lat"
"""
CSV = '[file]\nformat = "csv"\n'
HEADER = "id;nom;adresse;tel;mail;insee;lon;lat"


def table(*lines: str) -> str:
    return "\n".join((HEADER, *lines)) + "\n"


# ------------------------------------------------------------------------------------- letters


@pytest.mark.parametrize(
    ("written", "announced", "noted"),
    [
        ("utf-8", "utf-8", False),
        ("utf-8", "latin-1", True),  # B23
        ("utf-8-sig", "utf-8", False),  # B23: its mark is never in the first column's name
        ("utf-16", "utf-8", True),
        ("utf-16-le", None, False),
        ("cp1252", "utf-8", True),  # B22
        ("cp1252", "latin-1", True),
        ("cp1252", None, False),
    ],
)
def test_the_bytes_decide_the_letters(
    read_as: Callable[..., Any], written: str, announced: str | None, noted: bool
) -> None:
    text = table("1;Œuilly;1 rue de l’Église, Châtillon;;;27229;;", "2;Évreux;;;;27229;;")
    label = f'encoding = "{announced}"\n' if announced else ""
    read = read_as(text.encode(written), CSV + label + PLACES)
    assert [place.name for place in read.places] == ["Œuilly", "Évreux"]
    assert read.places[0].address == "1 rue de l’Église, Châtillon"
    assert bool(read.notes) is noted


def test_latin_1_without_windows_letters_is_latin_1(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes("Évreux".encode("latin-1"))
    assert encodings.detect(file, "latin-1") == encodings.Encoding("iso8859-1")
    file.write_bytes(b"abc\x81\xc9")
    with pytest.raises(Invalid, match="81 at 3"):
        encodings.detect(file)


def test_letters_encoded_twice_are_kept_and_listed(read_as: Callable[..., Any]) -> None:
    twice = "Évreux – l’État".encode().decode("cp1252")
    read = read_as(table(f"1;{twice};;;;27229;;", "2;Ãgé;;;;27229;;").encode(), CSV + PLACES)
    assert [place.name for place in read.places] == [twice, "Ãgé"]
    assert [(one.field, one.value) for one in read.refused] == [("name", twice)]


# ---------------------------------------------------------------------------------- bad values


def test_cells_that_a_spreadsheet_would_run_are_only_text(read_as: Callable[..., Any]) -> None:
    cells = ["=HYPERLINK(1)", "+1", "-2", "@x"]  # B24
    text = table(*(f"{n};{cell};;;;27229;-1.5;48.1" for n, cell in enumerate(cells)))
    read = read_as(text.encode(), CSV + PLACES)
    assert [place.name for place in read.places] == cells
    assert read.places[0].point == (-1.5, 48.1)


def test_a_text_that_no_database_keeps_loses_its_field_only(read_as: Callable[..., Any]) -> None:
    read = read_as(table("1;A;x\0y;;;27229;;").encode(), CSV + PLACES)
    assert read.places[0].address is None
    assert [one.field for one in read.refused] == ["address"]


@pytest.mark.parametrize(
    ("lon", "lat"),
    [("NaN", "2"), ("1e400", "2"), ("inf", "2"), ("2", ""), ("x", "48"), ("1_0", "48"), ("--1", "48")],
)  # fmt: skip
def test_a_bad_coordinate_leaves_the_office_without_a_point(
    read_as: Callable[..., Any], lon: str, lat: str
) -> None:
    text = table(f"1;A;;;;27229;{lon};{lat}", "2;B;;;;27229;1,5;49.0")
    read = read_as(text.encode(), CSV + PLACES)
    assert [place.point for place in read.places] == [None, (1.5, 49.0)]
    assert [(one.remote_id, one.field) for one in read.refused] == [("1", "point")]


def test_a_bad_row_is_lost_alone(read_as: Callable[..., Any]) -> None:
    text = table("1;A;;;;27229;;", "2;cut", "3;;;;;27229;;", ";D;;;;27229;;", "5;E;;;;27229;;")
    read = read_as(text.encode(), CSV + PLACES)
    assert [place.remote_id for place in read.places] == ["1", "5"]
    assert sorted(one.field for one in read.refused) == ["name", "row", "row"]


def test_contacts_that_may_be_a_persons_are_withheld(read_as: Callable[..., Any]) -> None:
    text = table(
        "1;A;;0612345678;jean.dupont@ville.fr;27229;;",
        "2;B;;02 32 31 52 52;accueil@ville.fr;27229;;",
        "3;C;;3949;bibli27@orange.fr;27229;;",
    )
    read = read_as(text.encode(), CSV + PLACES)  # B47
    assert [(place.phone, place.email) for place in read.places] == [
        (None, None), ("02 32 31 52 52", "accueil@ville.fr"), ("3949", None),
    ]  # fmt: skip
    assert len(read.refused) == 3
    assert all("0612345678" not in one.value for one in read.refused), "nor shown in the list"
    checked = PLACES.replace("[places]", "[places]\ncontacts_checked = true", 1)
    assert read_as(text.encode(), CSV + checked).places[0].phone == "0612345678"


def test_columns_about_persons_are_named_and_never_read(read_as: Callable[..., Any]) -> None:
    text = "id;nom;adresse;tel;mail;insee;lon;lat;Prénom du référent;portable\n"
    text += "1;A;;;;27229;;;Jeanne;06 12 34 56 78\n"
    notes = read_as(text.encode(), CSV + PLACES).notes
    assert any("Prénom du référent" in note for note in notes)
    assert any("portable" in note for note in notes)


# --------------------------------------------------------------------------------------- drift


def test_a_column_that_is_read_and_gone_refuses_the_file(read_as: Callable[..., Any]) -> None:
    renamed = table("1;A;;;;27229;;").replace("insee", "code_insee")  # B34
    with pytest.raises(Invalid, match=r"drift.*insee"):
        read_as(renamed.encode(), CSV + PLACES)


def test_new_columns_and_unread_ones_that_go_are_noted(read_as: Callable[..., Any]) -> None:
    form = CSV + 'columns = ["id", "nom", "adresse", "tel", "mail", "insee", "lon", "lat", "old"]\n'
    text = table("1;A;;;;27229;;;x").replace("lat", "lat;fresh")
    read = read_as(text.encode(), form + PLACES)
    assert [note.split(";")[0] for note in read.notes] == [
        "drift: column 'old' is gone", "drift: column 'fresh' is new",
    ]  # fmt: skip


def test_numbers_that_are_numbers_no_more_refuse_the_file(read_as: Callable[..., Any]) -> None:
    rows = [f"{n};A;;;;27229;2°21'E;48°51'N" for n in range(30)]
    with pytest.raises(Invalid, match=r"drift.*point"):
        read_as(table(*rows).encode(), CSV + PLACES)
    good = [f"{n};A;;;;27229;2.3;48.8" for n in range(30, 99)]
    assert len(read_as(table(*rows, *good).encode(), CSV + PLACES).places) == 99


@pytest.mark.parametrize("content", [b"", b"id;nom\n", b"id;id;nom;insee\n1;1;A;27229\n"])
def test_a_file_without_rows_or_with_a_column_twice(
    read_as: Callable[..., Any], content: bytes
) -> None:
    with pytest.raises(Invalid):
        read_as(content, CSV + '[places]\nkind = { value = "library" }\nremote_id = "id"\n'
                'name = "nom"\n[places.where]\ncode = "id"\n')  # fmt: skip


# ---------------------------------------------------------------------------------- other forms


def test_a_nested_json_list(read_as: Callable[..., Any]) -> None:
    document = {
        "hits": {"data": [
            {"id": 7, "nom": "A", "lieu": {"insee": "01004", "xy": "45.9, 5.3"}, "themes": ["a", "b"]},
            "no object",
            {"id": 8, "nom": "B", "lieu": {"insee": "01004", "xy": [float("nan"), 5.3]}, "themes": None},
        ]}
    }  # fmt: skip
    mapping = """
[file]
format = "json"
rows = "hits.data"
[places]
kind = { value = "digital-help" }
remote_id = "id"
name = "nom"
helps_with = [{ column = "themes", split = ["|"] }]
[places.where]
code = "lieu.insee"
point = "lieu.xy"
"""
    read = read_as(json.dumps(document).encode(), mapping)
    assert [(p.remote_id, p.point, p.helps_with) for p in read.places] == [
        ("7", (5.3, 45.9), ["a", "b"]), ("8", None, []),
    ]  # fmt: skip
    assert sorted(one.field for one in read.refused) == ["point", "row"]
    with pytest.raises(Invalid, match="no list"):
        read_as(b'{"hits": {}}', mapping)
    with pytest.raises(Invalid, match="JSON"):
        read_as(b"[" * 200_000, mapping)


def test_a_workbook(read_as: Callable[..., Any]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Liste"
    sheet.append(["A list that somebody made"])
    sheet.append(HEADER.split(";"))
    sheet.append([1, "Médiathèque", None, "02 32 31 52 52", None, 1004, 5.35, 45.95])
    out = io.BytesIO()
    book.save(out)
    form = '[file]\nformat = "xlsx"\nsheet = "Liste"\nheader = 2\n'
    place = read_as(out.getvalue(), form + PLACES).places[0]
    assert (place.remote_id, place.name, place.point) == ("1", "Médiathèque", (5.35, 45.95))
    assert place.said.code == "01004", "the sheet took its zero away"
    with pytest.raises(Invalid, match="no sheet"):
        read_as(out.getvalue(), form.replace("Liste", "Other") + PLACES)
    with pytest.raises(Invalid):
        read_as(out.getvalue()[:-200], form + PLACES)


# ---------------------------------------------------------------------------- data·inclusion v1


def test_data_inclusion_v1(read_as: Callable[..., Any]) -> None:
    """Its schema as documented (github gip-inclusion/data-inclusion-schema, v1); the rows are
    MADE BY THIS TEST: no file in that schema is on this machine."""
    mapping = (Path(__file__).parent / "files" / "data-inclusion-v1.toml").read_text("utf-8")
    made = {
        "id": "made--1", "source": "made", "siret": "77556026100015", "nom": "Maison de test",
        "commune": "Lyon", "code_postal": "69003", "code_insee": "69383",
        "adresse": "1 rue du Test", "complement_adresse": None, "longitude": 4.85,
        "latitude": 45.76, "telephone": "0478000000", "courriel": "accueil@test.fr",
        "site_web": "https://test.fr", "description": "Made.", "date_maj": "2026-01-01",
        "lien_source": None, "horaires_accueil": "Mo-Fr 09:00-12:00; PH off",
        "accessibilite_lieu": None, "reseaux_porteurs": ["france-services"],
    }  # fmt: skip
    other = made | {"id": "made--2", "reseaux_porteurs": ["ccas-cias", "centres-sociaux"]}
    read = read_as(json.dumps([made, other]).encode(), mapping)
    first, second = read.places
    assert (first.kind, second.kind) == ("france-services", "social-help")
    assert first.hours == {day: [["09:00", "12:00"]] for day in ("mo", "tu", "we", "th", "fr")}
    assert (first.siret, first.email) == ("77556026100015", "accueil@test.fr")
    assert first.identifiers == {"data-inclusion": "made--1"}
    assert not read.refused
