"""The served site as the suites of OGC see it: its landing page, what it declares, its paths."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from shapely.geometry import shape

GEOJSON = "application/geo+json"
Document = dict[str, Any]


@pytest.fixture(scope="session")
def iut(site: str) -> Iterator[httpx.Client]:
    """A client of the instance under test, whose addresses begin at /ogc."""
    with httpx.Client(base_url=f"{site}/ogc", timeout=60) as found:
        yield found


@pytest.fixture(scope="session")
def landing(iut: httpx.Client) -> Document:
    return iut.get("/", headers={"Accept": "application/json"}).json()


@pytest.fixture(scope="session")
def declared(iut: httpx.Client) -> set[str]:
    return set(iut.get("/conformance").json()["conformsTo"])


@pytest.fixture(scope="session")
def described(iut: httpx.Client) -> dict[str, Document]:
    """The collections of features, by id (the suites leave those of records out)."""
    found = iut.get("/collections").json()["collections"]
    return {one["id"]: one for one in found if one.get("itemType", "feature") == "feature"}


@pytest.fixture(scope="session")
def api(iut: httpx.Client, landing: Document) -> Document:
    """The OpenAPI document, by the link of the landing page."""
    link = next(one for one in landing["links"] if one["rel"] == "service-desc")
    return iut.get(link["href"], headers={"Accept": link["type"]}).json()


@pytest.fixture(scope="session")
def items_of(described: dict[str, Document]) -> Callable[[str], str]:
    """A function: where a collection says that its GeoJSON is."""

    def found(id: str) -> str:
        return next(one["href"].partition("?")[0] for one in described[id]["links"]
                    if one["rel"] == "items" and one["type"] == GEOJSON)  # fmt: skip

    return found


@pytest.fixture(scope="session")
def check_page(iut: httpx.Client) -> Callable[..., Document]:
    """A function: ask a page of items and check all that /req/core/fc-response wants of any."""

    def checked(url: str, **params: Any) -> Document:
        answer = iut.get(url, params=params, headers={"Accept": GEOJSON})
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == GEOJSON
        page: Document = answer.json()
        assert page["type"] == "FeatureCollection"
        assert isinstance(page["features"], list)
        assert page["numberReturned"] == len(page["features"])
        assert page["timeStamp"].endswith("Z")
        for feature in page["features"]:
            assert feature["type"] == "Feature"
            assert isinstance(feature["properties"], dict)
            if feature["geometry"] is not None:
                west, south, east, north = shape(feature["geometry"]).bounds
                assert -180 <= west <= east <= 180
                assert -90 <= south <= north <= 90
        links_are_whole(page["links"], "self", GEOJSON, {"text/html"})
        return page

    return checked


def links_are_whole(links: list[Document], own: str, media: str, others: set[str]) -> None:
    """A link to itself, one to each other format that is declared, all with rel and type."""
    assert any(one["rel"] == own and one["type"] == media for one in links), links
    told = {one["type"].partition(";")[0] for one in links if one["rel"] == "alternate"}
    assert others <= told, links
    for one in links:
        assert one["rel"]
        assert one["type"]
        assert one["href"].startswith("http")


@pytest.fixture(scope="session")
def whole_links() -> Callable[..., None]:
    return links_are_whole


@pytest.fixture(scope="session")
def walked(iut: httpx.Client) -> Callable[[Document, int], list[Document]]:
    """A function: the features of a page and of all that follow it, asked `limit` at a time."""

    def found(page: Document, limit: int) -> list[Document]:
        features = list(page["features"])
        while following := [one["href"] for one in page["links"] if one["rel"] == "next"]:
            # As the suite does: the same query with another limit.
            url = httpx.URL(following[0]).copy_set_param("limit", limit)
            answer = iut.get(url, headers={"Accept": GEOJSON})
            assert answer.status_code == 200, answer.text
            page = answer.json()
            features += page["features"]
        return features

    return found
