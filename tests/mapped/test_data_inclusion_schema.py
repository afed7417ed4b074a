"""Our mapping of data.inclusion v1 against its publisher's own schema, on real structures.

No file of v1 is here: real structures of the 2023 file are renamed into v1's fields by this test, and
only those that the published schema (data-inclusion-schema 1.0.10) accepts are read. Skipped, and
said, without GUICHET_DATA_INCLUSION (`sh tests/conformance/data_inclusion.sh`).
"""

import json
import os
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PYTHON = os.environ.get("GUICHET_DATA_INCLUSION", "")
pytestmark = pytest.mark.skipif(
    not PYTHON, reason="no schema: GUICHET_DATA_INCLUSION=$(sh tests/conformance/data_inclusion.sh)"
)
MAPPING = (Path(__file__).parent / "files" / "data-inclusion-v1.toml").read_text("utf-8")
JUDGE = """
import json, sys
from data_inclusion.schema import v1
kept = []
for one in json.load(sys.stdin):
    try:
        kept.append(json.loads(v1.Structure.model_validate(one).model_dump_json()))
    except ValueError:
        pass
print(json.dumps({"fields": list(v1.Structure.model_fields), "kept": kept}))
"""


def judged(rows: list[dict[str, Any]]) -> dict[str, Any]:
    done = subprocess.run(
        [PYTHON, "-c", JUDGE], input=json.dumps(rows), capture_output=True, text=True, timeout=120,
        check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_field_that_we_read_is_in_the_schema() -> None:
    fields = set(judged([])["fields"])
    mapping = tomllib.loads(MAPPING)["places"]
    where = mapping["where"].values()
    named = {mapping[one] for one in ("remote_id", "name", "phone", "email", "website", "siret")}
    read = {
        *named,
        *mapping["address"],
        *where,
        mapping["hours"]["column"],
        mapping["kind"]["column"],
    }
    assert read <= fields


def test_real_structures_in_the_form_of_v1(given: Path, read_as: Callable[..., Any]) -> None:
    listed = json.loads((given / "mednum" / "data-inclusion_2023-03.json").read_text("utf-8"))
    rows = [
        {
            "source": one["source"], "id": f"{one['source']}--{one['id']}", "nom": one["nom"],
            "date_maj": one["date_maj"], "siret": one.get("pivot") or None,
            "commune": one["commune"], "code_postal": one["code_postal"],
            "code_insee": one.get("code_insee") or None, "adresse": one["adresse"],
            "longitude": float(one["longitude"]) if one.get("longitude") else None,
            "latitude": float(one["latitude"]) if one.get("latitude") else None,
            "telephone": one.get("telephone") or None, "site_web": one.get("site_web") or None,
            "description": one.get("presentation_resume"),
        }
        for one in listed
        if one["source"] == "dora"
    ]  # fmt: skip
    kept = judged(rows)["kept"]
    assert len(kept) > 50, "the schema accepts real structures"
    places = read_as(json.dumps(kept).encode(), MAPPING).places
    assert {one.remote_id for one in places} == {one["id"] for one in kept}
    by_id = {one["id"]: one for one in kept}
    assert sum(one.siret is not None for one in places) == sum(bool(one["siret"]) for one in kept)
    for place in places:
        assert place.said.code == by_id[place.remote_id]["code_insee"]
