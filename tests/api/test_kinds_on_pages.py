"""The filter by kind of office, over HTTP: the page, the API, and what it refuses."""

import json
import re
import urllib.error
import urllib.request

import pytest


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())


def test_around_me_takes_a_kind_and_the_empty_choice_of_its_form(site: str) -> None:
    page = get(f"{site}/fr/autour-de-moi?q=69123")
    listed = page.count('class="open is-')
    assert listed > 0
    assert get(f"{site}/fr/autour-de-moi?q=69123&kind=every").count('class="open is-') == listed
    assert get(f"{site}/fr/autour-de-moi?q=69123&kind=mairie").count('class="open is-') == listed
    none = get(f"{site}/fr/autour-de-moi?q=69123&kind=library")
    assert 'class="open is-' not in none, "the small France holds no library"
    assert "Aucun guichet connu" in none
    assert 'name="kind"' not in page, "one kind is no choice"


def test_a_kind_that_does_not_exist_is_refused_by_name(site: str) -> None:
    for path in ("/fr/autour-de-moi?q=69123&kind=bank", "/api/v1/nearby?lat=45&lon=4&kind=bank"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(site + path)
        assert refused.value.code == 400


def test_the_api_says_the_kind_and_what_it_helps_with(site: str) -> None:
    answer = json.loads(get(f"{site}/api/v1/nearby?lat=45.76&lon=4.83&kind=mairie&limit=2"))
    assert {one["kind"] for one in answer["offices"]} == {"mairie"}
    assert all(one["helps_with"] == [] for one in answer["offices"])
    document = json.loads(get(f"{site}/api/v1/openapi.json"))
    kinds = next(
        one for one in document["paths"]["/api/v1/nearby"]["get"]["parameters"]
        if one["name"] == "kind"
    )["schema"]["enum"]  # fmt: skip
    assert "france-services" in kinds
    assert re.fullmatch(r"[a-z-]+", kinds[0])
