"""Catalogues that fail, change, repeat and never end while they are read (faults.md B39)."""

from collections.abc import Callable

import pytest

from config.errors import Invalid, Unavailable
from harvest.paging import Turn, read_pages


def pages(*held: tuple[list[str], int | None], end: str | None = None) -> Callable[[str], Turn]:
    def ask(position: str) -> Turn:
        number = int(position)
        ids, total = held[number]
        following = str(number + 1) if number + 1 < len(held) else end
        return Turn([(one, one) for one in ids], f"sha-{number}", total, following)

    return ask


def test_all_pages_are_read_with_the_page_that_held_each_item() -> None:
    read = read_pages(pages((["a", "b"], 3), (["c"], 3)), "0")
    assert read.items == (("a", "sha-0"), ("b", "sha-0"), ("c", "sha-1"))
    assert read.whole


def test_a_page_that_fails_ends_the_reading() -> None:
    def ask(position: str) -> Turn:
        if position == "2":
            raise Unavailable("page 3 of 5")
        return Turn([(position, position)], position, 5, str(int(position) + 1))

    with pytest.raises(Unavailable, match="3 of 5"):
        read_pages(ask, "0")


def test_a_total_that_changes_once_begins_again() -> None:
    asked: list[str] = []

    def ask(position: str) -> Turn:
        asked.append(position)
        total = 3 if len(asked) == 1 else 4
        following = str(int(position) + 1) if position != "3" else None
        return Turn([(position, position)], position, total, following)

    read = read_pages(ask, "0")
    assert asked == ["0", "1", "0", "1", "2", "3"]
    assert (read.whole, len(read.items)) == (True, 4)


def test_a_total_that_goes_on_changing_is_partial() -> None:
    read = read_pages(pages((["a"], 3), (["b"], 4), (["c"], 5)), "0")
    assert not read.whole
    assert "changed while it was read" in read.note
    assert len(read.items) == 3


def test_fewer_records_than_announced_is_partial() -> None:
    read = read_pages(pages((["a"], 9), (["b"], 9)), "0")
    assert (read.whole, read.note) == (False, "it announces 9 records and gives 2")


def test_a_page_that_repeats_for_ever_is_refused() -> None:
    with pytest.raises(Invalid, match="only repeats"):
        read_pages(lambda position: Turn([("a", "a")], "s", None, str(int(position) + 1)), "0")


def test_a_catalogue_that_turns_round_is_refused() -> None:
    with pytest.raises(Invalid, match="comes twice"):
        read_pages(pages((["a"], None), (["b"], None), end="0"), "0")


def test_a_catalogue_without_an_end_is_refused() -> None:
    def ask(position: str) -> Turn:
        return Turn([(position, position)], position, None, str(int(position) + 1))

    with pytest.raises(Invalid, match="does not end after 50"):
        read_pages(ask, "0", pages=50)
    with pytest.raises(Invalid, match="more than 20"):
        read_pages(ask, "0", items=20)


def test_an_empty_page_is_the_end() -> None:
    read = read_pages(pages((["a"], None), ([], None), end="7"), "0")
    assert [item for item, _ in read.items] == ["a"]


def test_an_overlap_of_two_pages_is_read_once() -> None:
    read = read_pages(pages((["a", "b"], 3), (["b", "c"], 3)), "0")
    assert [item for item, _ in read.items] == ["a", "b", "c"]
    assert read.whole
