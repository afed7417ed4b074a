"""Hours as other people write them: read whole, or not at all."""

import pytest

from config.errors import Invalid
from geo import french_hours, osm_hours
from geo.opening_hours import to_json

WORKDAYS = ("mo", "tu", "we", "th", "fr")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mo-Fr 09:00-12:00,14:00-17:00",
         {day: [["09:00", "12:00"], ["14:00", "17:00"]] for day in WORKDAYS}),
        ("Mo-Fr 09:00-12:00,13:30-17:00; We off",
         {day: [["09:00", "12:00"], ["13:30", "17:00"]] for day in WORKDAYS if day != "we"}),
        # A later rule replaces the day, it does not add to it.
        ("Tu-We 09:00-12:00,14:00-17:00; We 10:00-11:00",
         {"tu": [["09:00", "12:00"], ["14:00", "17:00"]], "we": [["10:00", "11:00"]]}),
        ("Mo 09:00-12:00, We 14:00-16:00", {"mo": [["09:00", "12:00"]], "we": [["14:00", "16:00"]]}),
        ("Sa-Mo 10:00-11:00", {day: [["10:00", "11:00"]] for day in ("mo", "sa", "su")}),
        ("Fr 22:00-02:00", {"fr": [["22:00", "24:00"]], "sa": [["00:00", "02:00"]]}),
        ("Mo,PH 9:00-10:00; PH off", {"mo": [["09:00", "10:00"]]}),
        ("24/7", {day: [["00:00", "24:00"]] for day in (*WORKDAYS, "sa", "su")}),
    ],
)  # fmt: skip
def test_osm_hours_of_an_ordinary_week(text: str, expected: dict[str, list[list[str]]]) -> None:
    read = to_json(osm_hours.parse(text))
    assert read is not None
    assert dict(sorted(read.items())) == dict(sorted(expected.items()))


@pytest.mark.parametrize(
    "text",
    # Real values, then what the syntax allows and one week cannot hold.
    ["Mo 08:22", "Tu 08:00-13:45-16:30", "Mo-Fr 09:00-19:00; Sa 17:00",
     "Horaires d'ouverture :Du lundi au vendredi9h/12h - 14h/17h",
     "Apr-Oct Mo-Fr 09:00-12:00", "Mo[1] 09:00-12:00", "SH off", "Mo-Fr 09:00+",
     'Mo-Fr 09:00-12:00 "sur rendez-vous"', "Mo-Fr sunrise-sunset", "week 1-20 Mo 09:00-12:00",
     "Mo-Fr 09:00-12:00 || off", "Mo-Fr 09:75-12:00", "Mo-Fr 25:00-26:00", "Lu 09:00-12:00",
     "Mo 09:00-09:00", "x" * 5000],
)  # fmt: skip
def test_osm_hours_that_are_not_one_ordinary_week(text: str) -> None:
    with pytest.raises(Invalid):
        osm_hours.parse(text)


def test_nothing_published_is_unknown_and_not_closed() -> None:
    assert osm_hours.parse("  ") is None
    assert osm_hours.parse("Mo-Su off") is None
    assert french_hours.parse_week("") is None
    assert french_hours.parse_days({"mo": "", "tu": "-"}) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    # Real values of the France services lists and of regional files.
    [("09:00 - 12:00 / 13:30 - 17:00", [(540, 720), (810, 1020)]),
     ("08:30-12:00/14:00-17:30", [(510, 720), (840, 1050)]),
     ("09:00-12:00-13:30-17:00", [(540, 720), (810, 1020)]),
     ("09:00-12h30", [(540, 750)]), ("14h à 17h", [(840, 1020)]),
     ("8h30 à 12h30 - 13h30 à 17h00", [(510, 750), (810, 1020)]),
     ("9h à 12h et 14h à 17h", [(540, 720), (840, 1020)]),
     ("00:00 - 00:00 / 09:00 - 12:00", [(540, 720)]),
     ("09:00 - 12:00 / 09:00 - 12:00", [(540, 720)]), ("Fermé", []), ("-", [])],
)  # fmt: skip
def test_hours_of_one_day(text: str, expected: list[tuple[int, int]]) -> None:
    assert french_hours.intervals(text) == expected


@pytest.mark.parametrize(
    "text",
    ["07:30:12:30", "09:00-13:00-/3:00-16:00", "14h-16h30 (sur rdv)", "9h",
     "10h à 12h une semaine sur deux", "9-12h et 13h30-18h", "8 à 18h", "Sur rendez-vous",
     "1Oh à 12h", "09:00 - 16:30 / 13:30 - 16:30", "12:00 - 09:00", "00:00 - 00:00",
     "09:75 - 10:00", "23:00 - 25:00"],
)  # fmt: skip
def test_hours_of_one_day_that_are_not_sure(text: str) -> None:
    with pytest.raises(Invalid):
        french_hours.intervals(text)


def test_a_week_in_one_sentence() -> None:
    both = [["09:00", "12:00"], ["14:00", "17:30"]]
    read = to_json(
        french_hours.parse_week("Du lundi au vendredi de 9h00 à 12h00 et de 14h à 17h30")
    )
    assert read == dict.fromkeys(WORKDAYS, both)
    read = to_json(
        french_hours.parse_week("Lundi : 8h30-12h ; Mardi à Jeudi : 9h-11h, samedi fermé")
    )
    assert read == {"mo": [["08:30", "12:00"]]} | {
        d: [["09:00", "11:00"]] for d in ("tu", "we", "th")
    }


@pytest.mark.parametrize(
    "text",
    ["Les mardis toutes les trois semaines de 14h00 à 17h00", "mardi matin 9h-10h30",
     "Le lundi de 9h00 à 12h00 et sur rendez-vous.", "Du lundi au vendredi sur rendez-vous",
     "Un mercredi sur deux de 9h00 à 12h00", "Lundi - samedi", "Lundi de 9h à 12h, lundi de 14h à 16h",
     "Hiver : du lundi au vendredi de 8h30 à 12h00", "9h-12h"],
)  # fmt: skip
def test_a_sentence_with_a_condition_is_unknown(text: str) -> None:
    with pytest.raises(Invalid):
        french_hours.parse_week(text)
