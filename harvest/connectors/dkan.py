"""DKAN portals: DKAN 2 by its `/data.json` (DCAT-US), DKAN 1 by the part of CKAN's API it speaks.

`query = { api = "ckan" }` in the source's [portal] chooses the second. Its package_search gives
no usable total, so `current_package_list_with_resources` is read page by page until one is empty.

| theirs (data.json) | ours |
|---|---|
| identifier | remote_id and an identifier |
| title, description | title, description |
| keyword | keywords |
| theme | themes (their `data` or themselves) |
| publisher.name | publisher |
| license | licence |
| language[0] | language |
| landingPage | landing_page |
| distribution[]: downloadURL or accessURL, title, format, mediaType | distributions |
| spatial (west,south,east,north or GeoJSON) | extent |
| temporal (start/end) | temporal interval |
| issued, modified | created, updated |

DKAN 1 mapping: see ckan; its states are capitalised, its dates are written in French.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from catalog.records import Distribution, RecordRow
from config.errors import Invalid
from harvest import published_texts as read
from harvest.connectors import ckan
from harvest.paging import Turn
from harvest.remote import Remote
from harvest.source_files import Portal


def open_portal(
    portal: Portal, remote: Remote, since: datetime | None
) -> tuple[Callable[[str], Turn], str]:
    if portal.query.get("api") == "ckan":
        return _open_first_version(portal, remote)

    def ask(position: str) -> Turn:
        page = remote.get(position, accept="application/json")
        datasets = read.json_object(page.body, page.url).get("dataset")
        if not isinstance(datasets, list):
            raise Invalid(f"{page.url} is not a catalogue in data.json")
        return Turn([(identifier(one), one) for one in datasets], page.sha256, len(datasets))

    return ask, portal.url.rstrip("/") + "/data.json"


def _open_first_version(portal: Portal, remote: Remote) -> tuple[Callable[[str], Turn], str]:
    client = ckan.GuardedCKAN(portal.url, remote)

    def ask(position: str) -> Turn:
        start = int(position)
        question = {"limit": portal.page_size, "offset": start}
        found = packages(ckan.action(client, "current_package_list_with_resources", question))
        assert client.page is not None  # noqa: S101 it was just asked
        after = str(start + len(found)) if len(found) == portal.page_size else None
        return Turn([(ckan.identifier(one), one) for one in found], client.page.sha256, None, after)

    return ask, "0"


def packages(result: Any) -> list[Any]:
    """The packages of an answer: DKAN 1 wraps the list in a list."""
    if not isinstance(result, list):
        raise Invalid("this does not answer as DKAN does")
    return result[0] if len(result) == 1 and isinstance(result[0], list) else result


def identifier(dataset: Any) -> str:
    if not isinstance(dataset, dict):
        return ""
    found = dataset.get("identifier") or dataset.get("id")
    return found if isinstance(found, str) else ""


def record(dataset: Any, portal: Portal, sha256: str) -> RecordRow | None:
    """One dataset of either form. Raises Invalid: it has no id or no title."""
    if not isinstance(dataset, dict):
        raise Invalid("not a dataset")
    if "resources" in dataset:
        return ckan.record(dataset, portal, sha256)
    if str(dataset.get("accessLevel") or "public") == "non-public":
        return None
    publisher = dataset.get("publisher")
    language = dataset.get("language")
    start, _, end = str(dataset.get("temporal") or "").partition("/")
    mine = identifier(dataset)
    template = portal.record_page or portal.url.rstrip("/") + "/dataset/{id}"
    return RecordRow(
        remote_id=mine,
        type="dataset",
        title=read.title(dataset.get("title")),
        page_sha256=sha256,
        description=read.plain(dataset.get("description")),
        keywords=read.words(read.listed(dataset.get("keyword"))),
        themes=read.words(
            one.get("data") if isinstance(one, dict) else one
            for one in read.listed(dataset.get("theme"))
        ),
        publisher=read.line(publisher.get("name")) if isinstance(publisher, dict) else None,
        licence=read.licence(dataset.get("license")),
        language=read.language(
            language[0] if isinstance(language, list) and language else language
        ),
        landing_page=read.link(dataset.get("landingPage")) or read.page_of(template, mine),
        distributions=_distributions(dataset.get("distribution")),
        extent=_extent(dataset.get("spatial")),
        temporal_start=read.day(start),
        temporal_end=read.day(end),
        created=read.moment(dataset.get("issued")),
        updated=read.moment(dataset.get("modified")),
        identifiers=(mine,) if mine else (),
    )


def _distributions(values: Any) -> tuple[Distribution, ...]:
    found = []
    for one in read.listed(values):
        if not isinstance(one, dict):
            continue
        url = read.link(one.get("downloadURL")) or read.link(one.get("accessURL"))
        if url is not None:
            kind = read.media_type(one.get("mediaType"))
            label = read.file_format(one.get("format"), kind)
            found.append(Distribution(url, read.line(one.get("title")), label, kind))
    return tuple(found[:300])


def _extent(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, dict):
        return read.box_of(value)
    parts = value.split(",") if isinstance(value, str) else []
    return read.box(*parts) if len(parts) == 4 else None
