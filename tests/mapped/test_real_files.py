"""Every real file of the second demo profile, read by its own TOML: how much of it is understood.

The counts are pinned, so that a change of the reader that loses a column of a real publisher shows;
skipped, and said, where the files are not beside the clone.
"""

from pathlib import Path

import pytest

from harvest.mapped import reading
from harvest.mapped.records import Place, Refused, Summary
from harvest.source_files import all_sources

# source, release: places, with a point, with hours, with a telephone, that say what they help
# with, and values that were refused and listed.
PLACES = [
    ("france-services", "2022-12-01", (2683, 2653, 2543, 2629, 0, 28)),
    ("france-services", "2024-08-01", (2845, 2845, 2772, 2841, 0, 27)),
    ("public-libraries", "2020", (15481, 14702, 0, 0, 0, 0)),
    ("digital-advisers", "2022-12", (4930, 4908, 4180, 2395, 4930, 297)),
    ("data-inclusion-2023", "2023-03", (698, 264, 29, 472, 698, 185)),
    ("digital-help-corse", "2023-01", (161, 160, 97, 100, 93, 116)),
    ("digital-help-fibre-64", "2023-01", (61, 61, 22, 47, 60, 65)),
    ("digital-help-gironde", "2024-03-11", (347, 347, 0, 294, 326, 47)),
    ("digital-help-hinaura", "2023-01", (1171, 1170, 571, 738, 670, 573)),
    ("digital-help-hub-lo", "2023-01-11", (426, 426, 44, 351, 308, 135)),
    ("digital-help-la-creuse", "2023-01", (91, 91, 26, 21, 91, 75)),
    ("digital-help-maine-et-loire", "2023-01-09", (222, 222, 0, 195, 220, 25)),
]
FACTS = ["certified-addresses", "commune-domains", "fast-broadband", "zoning-centrality",
         "zoning-density", "zoning-rurality"]  # fmt: skip
PROFILE = [one for one in all_sources() if one.given]


def read(given: Path, source_id: str, version: str | None, work: Path) -> list[object]:
    source = next(one for one in PROFILE if one.id == source_id)
    release = next(one for one in source.releases if version in (None, one.version))
    assert release.file is not None
    return list(reading.read(source, given / release.file, work))


@pytest.mark.parametrize(("source_id", "version", "counts"), PLACES, ids=lambda one: str(one)[:30])
def test_a_real_list_of_places(
    given: Path, tmp_path: Path, source_id: str, version: str, counts: tuple[int, ...]
) -> None:
    made = read(given, source_id, version, tmp_path)
    places = [one for one in made if isinstance(one, Place)]
    assert counts == (
        len(places),
        sum(one.point is not None for one in places),
        sum(bool(one.hours) for one in places),
        sum(bool(one.phone) for one in places),
        sum(bool(one.helps_with) for one in places),
        sum(isinstance(one, Refused) for one in made),
    )
    assert all(one.name.strip() for one in places)


@pytest.mark.parametrize("source_id", FACTS)
def test_a_real_list_of_facts(given: Path, tmp_path: Path, source_id: str) -> None:
    made = read(given, source_id, None, tmp_path)
    told = sum(not isinstance(one, Refused | Summary) for one in made)
    assert told >= {"certified-addresses": 87, "commune-domains": 19_000}.get(source_id, 34_000)


def test_every_source_of_the_profile_is_here() -> None:
    assert {one.id for one in PROFILE} == {one for one, _, _ in PLACES} | set(FACTS)
