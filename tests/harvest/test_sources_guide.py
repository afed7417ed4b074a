"""The example of docs/sources.md is harvested as it is written."""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harvest.mapped.declared import FactsMapping
from harvest.source_files import read

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "sources.md"
LIST = """code,nom,type,adresse,cp,ville,x,y,tel,horaires,aides
M1,Médiathèque du Bachut,MED,2 place du 11 Novembre,69008,LYON,844900,6516900,04 78 78 12 12,"Tu-Sa 10:00-18:00",Prêt|Wifi
M2,Dépôt,DEPOT,,69003,LYON,,,,,
M3,France services,FS,,69009,Lyon 9e Arrondissement,4.80,45.77,06 12 34 56 78,sur rendez-vous,
"""


def blocks() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_example_is_a_source(world: Any, tmp_path: Path) -> None:
    file = tmp_path / "mediatheques-rhone.toml"
    file.write_text(blocks()[0], encoding="utf-8")
    source = read(file)
    (tmp_path / "mediatheques.csv").write_text(LIST, encoding="utf-8")
    harvest = world.settings.harvest.model_copy(update={"given_folder": str(tmp_path)})
    world.settings = world.settings.model_copy(update={"harvest": harvest})
    world.sources[source.id] = source
    report = world.harvest(source.id)[0]
    assert report.state == "done", report
    rows = world.ask(
        "select remote_id, kind, name, round(st_x(point)::numeric, 1)::float, phone, helps_with,"
        " hours is not null from catalog.office where source_id = 'mediatheques-rhone' order by 1"
    )
    assert rows == [
        ("M1", "library", "Médiathèque du Bachut", 4.9, "04 78 78 12 12", ["Prêt", "Wifi"], True),
        ("M3", "france-services", "France services", None, None, [], False),
    ]  # fmt: skip
    listed = world.ask("select remote_id, field from harvest.rejected order by 1, 2")
    assert listed == [("M3", "hours"), ("M3", "phone"), ("M3", "point")]


def test_the_facts_of_the_guide_are_a_mapping() -> None:
    mapping = FactsMapping.model_validate(tomllib.loads(blocks()[1])["facts"])
    assert {fact.service for fact in mapping.says} == {"library"}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ('remote_id = "code"', "remote_id"),  # taken away
        ('format = "csv"', "format"),
        ('nature = "register"', "nature"),
        ('"MED" = "library"', "kind of office"),
    ],
)
def test_a_mistake_is_told_with_the_name_of_the_file(
    tmp_path: Path, broken: str, said: str
) -> None:
    text = blocks()[0]
    assert broken in text
    changed = text.replace(broken, '"MED" = "librairie"' if "MED" in broken else "", 1)
    file = tmp_path / "mine.toml"
    file.write_text(changed, encoding="utf-8")
    with pytest.raises(Exception, match=said) as failure:
        read(file)
    assert "mine.toml" in str(failure.value)
    assert date(2026, 1, 15).isoformat() in text
