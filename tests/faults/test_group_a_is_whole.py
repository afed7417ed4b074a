"""Every row of group A (HTTP and OGC) of the list of faults has a test, by number or by name."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROWS = (
    1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18, 20, 21, 22, 24, 25, 26, 28, 29, 30, 32, 33,
    34, 36, 37, 38, 40, 41, 42, 44, 45, 46, 48, 49, 50,
)  # fmt: skip
# Rows whose test says what it does instead of its number.
NAMED = {
    4: "ogc/test_crs_and_boxes.py::test_a_box_finds_what_intersects_it",
    6: "ogc/test_crs_and_boxes.py::test_a_box_finds_what_intersects_it",
    12: "ogc/test_crs_and_boxes.py::test_a_crs_is_a_name_of_a_list_and_never_fetched",
    25: "tiles/test_tile_service.py::test_fifty_visitors_are_one_query",
    26: "tiles/test_tile_service.py::test_memory_is_bounded",
    49: "crowd/test_accounts.py::test_next_never_leaves_the_site",
    50: "conformance/test_ogc_judges.py::test_schemathesis_finds_no_server_error_and_no_mismatch",
}


def rows_of(name: str) -> set[int]:
    """The rows that a test's name begins with: test_a16_to_a18_... names three."""
    found = re.match(r"test_((?:a\d+_(?:to_)?)+)", name)
    if not found:
        return set()
    numbers = [int(one) for one in re.findall(r"a(\d+)", found[1])]
    return set(range(numbers[0], numbers[-1] + 1)) if "_to_" in found[1] else set(numbers)


def test_every_row_has_a_test():
    by_number: set[int] = set()
    for file in TESTS.rglob("test_*.py"):
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE):
            by_number |= rows_of(name)
    assert by_number, "no test names a row"
    assert set(ROWS) - by_number - set(NAMED) == set()


def test_the_named_tests_are_there():
    for where in NAMED.values():
        file, _, name = where.partition("::")
        assert re.search(rf"^(async )?def {name}\b", (TESTS / file).read_text(), re.MULTILINE), (
            where
        )
