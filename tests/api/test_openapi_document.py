"""The OpenAPI document is valid, and is what the server does."""

import re

import httpx
import pytest
from openapi_spec_validator import validate

from api.app import routes
from api.handlers.base import ApiHandler
from api.openapi import SLOTS, document
from api.parameters import read_all
from simulators.batch import MEDIA_TYPES

DOCUMENT = document(routes(), "0", "http://localhost")
# Answers about the process, and the document itself: not part of the API it describes.
UNDESCRIBED = {"/healthz", "/readyz", "/api/v1/openapi.json"}


def test_it_is_openapi_3_1():
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1")


def test_every_api_route_is_described():
    templates = {
        route.template
        for route in routes()
        if hasattr(route, "template") and issubclass(route.handler_class, ApiHandler)
    }
    assert templates - UNDESCRIBED == set(DOCUMENT["paths"])


def test_operation_identifiers_are_unique():
    ids = [one["operationId"] for path in DOCUMENT["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))


def test_batches_are_described_whole():
    paths = DOCUMENT["paths"]
    made = paths["/api/v1/simulators/{simulator}/batch"]["post"]["responses"]
    assert set(made["200"]["content"]) == set(MEDIA_TYPES)
    assert made["202"]["content"]["application/json"]["schema"]["$ref"].endswith("/BatchState")
    assert set(made["202"]["headers"]) == {"Location", "Retry-After"}
    one = paths["/api/v1/simulators/{simulator}/batches/{batch}"]
    assert set(one) == {"get", "delete"}
    assert "content" not in one["delete"]["responses"]["204"]
    result = paths["/api/v1/simulators/{simulator}/batches/{batch}/result"]["get"]["responses"]
    assert set(result["200"]["content"]) == set(MEDIA_TYPES)
    assert "409" in result
    assert "Location" in paths["/api/v1/simulators/{simulator}/answers"]["post"]["responses"][
        "201"]["headers"]  # fmt: skip


@pytest.mark.parametrize("template", DOCUMENT["paths"])
def test_what_it_calls_an_example_is_accepted_and_what_it_requires_is_required(template):
    handler = next(r.handler_class for r in routes() if getattr(r, "template", "") == template)
    for parameter in handler.parameters:
        if parameter.example:
            parameter.parse(parameter.example)
        if parameter.required:
            with pytest.raises(Exception, match="Required") as caught:
                read_all([parameter], {}, strict=True)
            assert caught.value.parameter == parameter.name


def test_every_path_example_answers(site):
    """The examples of slots and parameters make requests that the server does not refuse."""
    with httpx.Client(base_url=site, timeout=20) as client:
        generation = client.get("/tiles/communes.json").json()["generation"]
        code = next(iter(client.get("/api/v1/status/official-site.json").json()["states"]))
        for template, path in DOCUMENT["paths"].items():
            secret = any(
                slot in template
                for slot in ("{answer}", "{batch}", "{record}", "{practice}", "{webhook}")
            )
            if "get" not in path or secret:
                continue  # tests/simulators, tests/crowd, tests of records and webhooks ask those
            values = {name: slot.example for name, slot in SLOTS.items()}
            # France itself has no raster of its own: it is drawn by frames.
            place = "DEP-974" if template.startswith("/ids/") else "FR"
            values |= {"generation": str(generation), "code": code, "territory": place}
            values |= {"departement": "974"}
            url = re.sub(r"\{(\w+)\}", lambda slot, values=values: values[slot[1]], template)
            params = {
                one["name"]: one.get("example", one["schema"].get("enum", [""])[0])
                for one in path["get"]["parameters"]
                if one["in"] == "query" and one["required"]
            }
            answer = client.get(url, params=params)
            assert answer.status_code in (200, 204), (url, answer.text)
            media = next(iter(path["get"]["responses"]["200"]["content"]))
            if answer.content:
                assert answer.headers["Content-Type"].startswith(media), url
            if media == "application/json" and not template.startswith(("/tiles/", "/ids/")):
                body = answer.json()
                assert body["licence"]
                assert body["generation"] == generation
                assert "data_date" in body
