"""OpenDataSoft portals: explore v2.1 `/api/explore/v2.1/catalog/datasets`, or the older v1 search.

| theirs (metas.default) | ours |
|---|---|
| dataset_id (v1: datasetid) | remote_id; dataset_uid and metas.dcat identifiers are identifiers |
| title, description | title, description (markup taken off) |
| keyword | keywords |
| theme | themes |
| publisher, else attributions[0] | publisher |
| license, else license_url | licence |
| language | language |
| the portal's page `/explore/dataset/{id}/` | landing_page |
| has_records: the exports of the API; attachments and alternative_exports | distributions |
| geographic_area, bbox | extent |
| dcat.temporal_coverage_start, _end | temporal interval |
| dcat.created, modified | created, updated |

v2.1 reads at most 10,000 datasets of a portal; a larger one is told partial by its own total.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from catalog.records import Distribution, RecordRow
from config.errors import Invalid
from harvest import published_texts as read
from harvest.paging import Turn
from harvest.remote import Remote
from harvest.source_files import Portal

MOST = 10_000  # offset + limit that the API takes
PAGE = 100  # the API's own cap
EXPORTS = (
    ("CSV", "csv", "text/csv"),
    ("JSON", "json", "application/json"),
    ("GEOJSON", "geojson", "application/geo+json"),
)


def open_portal(
    portal: Portal, remote: Remote, since: datetime | None
) -> tuple[Callable[[str], Turn], str]:
    size = min(portal.page_size, PAGE)
    base = portal.url.rstrip("/") + "/api/explore/v2.1/catalog/datasets"

    def ask(position: str) -> Turn:
        start = int(position)
        question = {"order_by": "dataset_id", **portal.query, "limit": size, "offset": start}
        page = remote.get(f"{base}?{urlencode(question)}", accept="application/json")
        return turn(read.json_object(page.body, page.url), page.sha256, start)

    return ask, "0"


def turn(answer: Mapping[str, Any], sha256: str, start: int) -> Turn:
    """One page of v2.1 (total_count, results) or of v1 (nhits, datasets)."""
    found = answer.get("results", answer.get("datasets"))
    total = answer.get("total_count", answer.get("nhits"))
    if not isinstance(found, list):
        raise Invalid("this does not answer as OpenDataSoft does")
    after = start + len(found)
    more = bool(found) and isinstance(total, int) and after < min(total, MOST)
    items = [(identifier(one), one) for one in found]
    return Turn(
        items, sha256, total if isinstance(total, int) else None, str(after) if more else None
    )


def identifier(dataset: Any) -> str:
    if not isinstance(dataset, dict):
        return ""
    inner = dataset.get("dataset")  # v2.0 wrapped it
    dataset = inner if isinstance(inner, dict) else dataset
    found = dataset.get("dataset_id") or dataset.get("datasetid")
    return found if isinstance(found, str) else ""


def record(dataset: Any, portal: Portal, sha256: str) -> RecordRow | None:
    """One dataset. Raises Invalid: it has no id or no title."""
    if not isinstance(dataset, dict):
        raise Invalid("not a dataset")
    dataset = dataset["dataset"] if isinstance(dataset.get("dataset"), dict) else dataset
    metas = _table(dataset.get("metas"))
    default = _table(metas.get("default")) or metas
    dcat = _table(metas.get("dcat"))
    mine = identifier(dataset)
    site = portal.url.rstrip("/")
    template = portal.record_page or site + "/explore/dataset/{id}/"
    attributions = default.get("attributions")
    area = default.get("geographic_area")
    geometry = area.get("geometry") if isinstance(area, dict) else None
    return RecordRow(
        remote_id=mine,
        type="dataset",
        title=read.title(default.get("title")),
        page_sha256=sha256,
        description=read.plain(default.get("description")),
        keywords=read.words(_list(default.get("keyword"))),
        themes=read.words(_list(default.get("theme"))),
        publisher=read.line(default.get("publisher"))
        or (
            read.line(attributions[0]) if isinstance(attributions, list) and attributions else None
        ),
        licence=read.licence(default.get("license"), default.get("license_url")),
        language=read.language(default.get("language")),
        landing_page=read.page_of(template, quote(mine, safe="")),
        distributions=_distributions(dataset, site, mine, default),
        extent=read.box_of(geometry) or _box(default.get("bbox")),
        temporal_start=read.day(dcat.get("temporal_coverage_start")),
        temporal_end=read.day(dcat.get("temporal_coverage_end")),
        created=read.moment(dcat.get("created") or dcat.get("issued")),
        updated=read.moment(default.get("modified")),
        identifiers=tuple(
            one
            for one in (
                read.line(dataset.get("dataset_uid")),
                read.line(dcat.get("identifier")),
                read.line(dcat.get("doi") or default.get("doi")),
            )
            if one
        ),
    )


def _distributions(
    dataset: Mapping[str, Any], site: str, mine: str, default: Mapping[str, Any]
) -> tuple[Distribution, ...]:
    found: list[Distribution] = []
    base = f"{site}/api/explore/v2.1/catalog/datasets/{quote(mine, safe='')}"
    if dataset.get("has_records") and re.fullmatch(r"[\w@.-]+", mine):
        geographic = "geo" in _list(dataset.get("features"))
        found += [
            Distribution(f"{base}/exports/{name}", None, label, kind)
            for label, name, kind in EXPORTS
            if label != "GEOJSON" or geographic
        ]
    for one in [*_list(dataset.get("attachments")), *_list(dataset.get("alternative_exports"))]:
        if not isinstance(one, dict):
            continue
        url = read.link(one.get("url"))
        if url is None and isinstance(one.get("id"), str):
            url = read.link(f"{base}/attachments/{quote(one['id'], safe='')}")
        if url is not None:
            kind = read.media_type(one.get("mimetype"))
            found.append(
                Distribution(
                    url,
                    read.line(one.get("title")),
                    read.file_format(kind, str(one.get("url") or "").rpartition(".")[2]),
                    kind,
                )
            )
    return tuple(found[:300])


def _box(value: Any) -> Any:
    """`west,south,east,north` as text or a list, or a GeoJSON geometry."""
    if isinstance(value, dict):
        return read.box_of(value.get("geometry", value))
    parts = value.split(",") if isinstance(value, str) else value
    return read.box(*parts) if isinstance(parts, list) and len(parts) == 4 else None


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [value]
    return value if isinstance(value, list) else []
