"""udata portals (data.gouv.fr and its like): `/api/1/datasets/`.

| theirs | ours |
|---|---|
| id | remote_id; slug, uri, harvest.remote_id, remote_url, dct_identifier: identifiers |
| title, description | title, description |
| tags | keywords |
| organization.name, else the owner is a person and is not kept | publisher |
| license (id or title) | licence |
| page, else uri, else the portal's page of the slug | landing_page |
| resources[]: url, title, format, mime, filesize | distributions |
| spatial.geom | extent |
| temporal_coverage.start, .end | temporal interval |
| created_at, last_modified (last_update) | created, updated |

Private, archived and deleted datasets are not records. `harvest.remote_url` is where data.gouv.fr
itself took the record from: the original, when we harvest it too, falls in the same group.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from catalog.records import Distribution, RecordRow
from config.errors import Invalid
from harvest import published_texts as read
from harvest.paging import Turn
from harvest.remote import Remote
from harvest.source_files import Portal


def open_portal(
    portal: Portal, remote: Remote, since: datetime | None
) -> tuple[Callable[[str], Turn], str]:
    def ask(position: str) -> Turn:
        page = remote.get(position, accept="application/json")
        answer = read.json_object(page.body, page.url)
        data, total = answer.get("data"), answer.get("total")
        if not isinstance(data, list):
            raise Invalid(f"{page.url} does not answer as udata does")
        following = answer.get("next_page")
        return Turn(
            [(identifier(one), one) for one in data],
            page.sha256,
            total if isinstance(total, int) else None,
            following if isinstance(following, str) and following else None,
        )

    question = {**portal.query, "page": "1", "page_size": str(portal.page_size)}
    return ask, f"{portal.url.rstrip('/')}/api/1/datasets/?{urlencode(question)}"


def identifier(dataset: Any) -> str:
    found = dataset.get("id") if isinstance(dataset, dict) else None
    return found if isinstance(found, str) else ""


def record(dataset: Any, portal: Portal, sha256: str) -> RecordRow | None:
    """One dataset. None: it is not public. Raises Invalid: it has no id or no title."""
    if not isinstance(dataset, dict):
        raise Invalid("not a dataset")
    if dataset.get("private") or dataset.get("archived") or dataset.get("deleted"):
        return None
    harvest = dataset.get("harvest")
    harvested = harvest if isinstance(harvest, dict) else {}
    organisation = dataset.get("organization")
    slug = read.line(dataset.get("slug")) or ""
    template = portal.record_page or portal.url.rstrip("/") + "/datasets/{name}/"
    spatial = dataset.get("spatial")
    covered = dataset.get("temporal_coverage")
    covered = covered if isinstance(covered, dict) else {}
    page = read.link(dataset.get("page")) or read.page_of(template, identifier(dataset), slug)
    licence = dataset.get("license")
    return RecordRow(
        remote_id=identifier(dataset),
        type="dataset",
        title=read.title(dataset.get("title")),
        page_sha256=sha256,
        description=read.plain(dataset.get("description")),
        keywords=read.words(read.listed(dataset.get("tags"))),
        publisher=read.line(organisation.get("name")) if isinstance(organisation, dict) else None,
        licence=read.licence(licence.get("title") if isinstance(licence, dict) else licence),
        language="fr" if "data.gouv.fr" in portal.url else None,
        landing_page=page,
        distributions=_distributions(dataset.get("resources")),
        extent=read.box_of(spatial.get("geom")) if isinstance(spatial, dict) else None,
        temporal_start=read.day(covered.get("start")),
        temporal_end=read.day(covered.get("end")),
        created=read.moment(dataset.get("created_at") or dataset.get("created_at_internal")),
        updated=read.moment(
            dataset.get("last_modified")
            or dataset.get("last_update")
            or dataset.get("last_modified_internal")
        ),
        identifiers=tuple(
            one
            for one in (
                read.line(harvested.get("remote_url")),
                read.line(harvested.get("remote_id")),
                read.line(harvested.get("dct_identifier")),
                read.line(harvested.get("uri")),
                read.line(dataset.get("uri")),
                f"name:{slug}" if slug else None,
            )
            if one
        ),
    )


def _distributions(resources: Any) -> tuple[Distribution, ...]:
    # The list of the API holds resources, or a link to them when there are many.
    found = []
    for one in read.listed(resources):
        url = read.link(one.get("url")) if isinstance(one, dict) else None
        if url is not None:
            found.append(
                Distribution(
                    url,
                    read.line(one.get("title")),
                    read.file_format(one.get("format"), one.get("mime")),
                    read.media_type(one.get("mime")),
                    read.size(one.get("filesize")),
                )
            )
    return tuple(found[:300])
