"""CKAN portals, by ckanapi over our own guarded client.

| theirs (package_search) | ours |
|---|---|
| id | remote_id; `name`, extras `guid`, `identifier`, `uri` and a DOI are identifiers |
| title, notes | title, description (markup taken off) |
| tags[].name | keywords |
| groups[].title, extras `theme` | themes |
| organization.title, else publisher, maintainer, author | publisher |
| license_title, else license_id, license_url | licence |
| url, else the portal's own page of the dataset | landing_page |
| resources[]: url, name, format, mimetype, size | distributions |
| extras `spatial` (GeoJSON) or bbox-* , spatial_coverage[].bbox | extent |
| extras temporal_start/end, temporal_coverage[] | temporal interval |
| metadata_created, metadata_modified (extras win: the harvested portal's own) | created, updated |

A package that is private, deleted or a draft is not a record. `type` service, and a resource-type
that says so, are services. Since: `fq=metadata_modified:[moment TO *]`.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from ckanapi.errors import CKANAPIError
from ckanapi.remoteckan import RemoteCKAN

from catalog.records import Distribution, RecordRow
from config.errors import Invalid
from harvest import published_texts as read
from harvest.fetch import AGENT
from harvest.paging import Turn
from harvest.remote import Page, Remote
from harvest.source_files import Portal

# A CKAN answers 404 or 409 with a JSON that explains itself; our client makes both an error.


class GuardedCKAN(RemoteCKAN):
    """ckanapi builds the questions and reads the answers; every byte goes through `Remote`.

    `session` is set to what opens nothing, so that ckanapi makes no session of its own.
    """

    base_url = "api/3/action/"

    def __init__(self, address: str, remote: Remote) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            address, user_agent=AGENT, get_only=True, session=_NoSession()
        )
        self._remote = remote
        self.page: Page | None = None

    def _request_fn(self, *_: Any) -> tuple[int, str]:
        raise Invalid("Only questions are put to a portal, by GET.")

    def _request_fn_get(
        self, url: str, data_dict: Mapping[str, Any] | None, headers: Any, requests_kwargs: Any
    ) -> tuple[int, str]:
        asked = f"{url}?{urlencode(data_dict)}" if data_dict else url
        self.page = self._remote.get(asked, accept="application/json")
        return 200, self.page.body.decode("utf-8", "replace")


class _NoSession:
    def close(self) -> None:
        """Nothing was opened."""


def open_portal(
    portal: Portal, remote: Remote, since: datetime | None
) -> tuple[Callable[[str], Turn], str]:
    client = GuardedCKAN(portal.url, remote)
    filters = [portal.query["fq"]] if "fq" in portal.query else []
    if since is not None:
        filters.append(f"metadata_modified:[{since:%Y-%m-%dT%H:%M:%SZ} TO *]")

    def ask(position: str) -> Turn:
        start = int(position)
        question = {**portal.query, "rows": portal.page_size, "start": start, "sort": "id asc"}
        if filters:
            question["fq"] = " ".join(f"+({one})" for one in filters)
        result = action(client, "package_search", question)
        if not isinstance(result, dict) or not isinstance(result.get("results"), list):
            raise Invalid(f"{portal.url} does not answer as a CKAN does")
        packages, total = result["results"], result.get("count")
        items = [(identifier(one), one) for one in packages]
        after = start + len(packages)
        more = bool(packages) and isinstance(total, int) and after < total
        assert client.page is not None  # noqa: S101 it was just asked
        return Turn(
            items,
            client.page.sha256,
            total if isinstance(total, int) else None,
            str(after) if more else None,
        )

    return ask, "0"


def action(client: GuardedCKAN, name: str, question: Mapping[str, Any]) -> Any:
    """One question; the answer's `result`. Raises Invalid for what is not CKAN's JSON."""
    try:
        return client.call_action(name, dict(question))  # type: ignore[no-untyped-call]
    except (CKANAPIError, ValueError, KeyError, TypeError, RecursionError) as error:
        said = " ".join(str(error).split())[:300]
        raise Invalid(f"{client.address} does not answer {name} as CKAN does: {said}") from error


def identifier(package: Any) -> str:
    found = package.get("id") if isinstance(package, dict) else None
    return found if isinstance(found, str) else ""


def record(package: Any, portal: Portal, sha256: str) -> RecordRow | None:
    """One package. None: it is not public. Raises Invalid: it has no id or no title."""
    if not isinstance(package, dict):
        raise Invalid("not a package")
    # DKAN gives « Active » and, for public datasets too, `private: true`.
    if str(package.get("state") or "active").lower() != "active":
        return None
    if package.get("private") is True and package.get("type") != "Dataset":
        return None
    extras = _extras(package)
    name = read.line(package.get("name")) or ""
    page = read.link(package.get("url")) or _record_page(portal, identifier(package), name)
    kinds = (package.get("type"), extras.get("resource-type"), extras.get("dcat_type"))
    interval = _first(package.get("temporal_coverage"))
    return RecordRow(
        remote_id=identifier(package),
        type="service" if any(str(kind).lower() == "service" for kind in kinds) else "dataset",
        title=read.title(package.get("title") or name),
        page_sha256=sha256,
        description=read.plain(package.get("notes")),
        keywords=read.words(_named(package.get("tags"), "display_name", "name")),
        themes=read.words(
            [
                *_named(package.get("groups"), "title", "display_name"),
                *_many(extras.get("theme")),
                *_many(package.get("theme")),
            ]
        ),
        publisher=_publisher(package, extras),
        licence=read.licence(
            package.get("license_title"), package.get("license_id"), package.get("license_url")
        ),
        language=read.language(
            extras.get("metadata-language")
            or _first_text(package.get("language"))
            or extras.get("language")
        ),
        landing_page=page,
        distributions=_distributions(package.get("resources")),
        extent=_extent(package, extras),
        temporal_start=read.day(
            extras.get("temporal_start")
            or extras.get("temporal-extent-begin")
            or interval.get("start")
        ),
        temporal_end=read.day(
            extras.get("temporal_end") or extras.get("temporal-extent-end") or interval.get("end")
        ),
        created=read.moment(extras.get("issued") or package.get("issued"))
        or read.moment(package.get("metadata_created")),
        updated=read.moment(extras.get("modified") or package.get("modified"))
        or read.moment(extras.get("metadata_modified"))
        or read.moment(package.get("metadata_modified")),
        identifiers=tuple(
            one
            for one in (
                read.line(extras.get("guid")),
                read.line(extras.get("identifier")),
                read.line(package.get("identifier")),
                read.line(extras.get("uri")),
                read.line(package.get("doi")),
                f"name:{name}" if name else None,
            )
            if one
        ),
    )


def _record_page(portal: Portal, identifier: str, name: str) -> str | None:
    template = portal.record_page or portal.url.rstrip("/") + "/dataset/{name}"
    return read.page_of(template, identifier, name)


def _extras(package: Mapping[str, Any]) -> dict[str, Any]:
    found = package.get("extras")
    if isinstance(found, dict):  # as CKAN 1 gave them
        return found
    pairs = found if isinstance(found, list) else []
    return {
        str(one["key"]): read.unescaped(one["value"])
        if isinstance(one.get("value"), str)
        else one.get("value")
        for one in pairs
        if isinstance(one, dict) and "key" in one
    }


def _publisher(package: Mapping[str, Any], extras: Mapping[str, Any]) -> str | None:
    organisation = package.get("organization")
    published = _first(package.get("publisher"))
    for text in (
        organisation.get("title") if isinstance(organisation, dict) else None,
        published.get("name"),
        extras.get("publisher_name"),
        package.get("maintainer"),
        package.get("author"),
    ):
        # People write their e-mail address there: it is nobody's name.
        if (found := read.line(text)) and "@" not in found:
            return found
    return None


def _distributions(resources: Any) -> tuple[Distribution, ...]:
    found = []
    for one in resources if isinstance(resources, list) else []:
        url = read.link(one.get("url") or one.get("access_url")) if isinstance(one, dict) else None
        if url is not None:
            found.append(
                Distribution(
                    url,
                    read.line(one.get("name")),
                    read.file_format(one.get("format"), one.get("mimetype")),
                    read.media_type(one.get("mimetype")),
                    read.size(one.get("size")),
                )
            )
    return tuple(found[:300])


def _extent(package: Mapping[str, Any], extras: Mapping[str, Any]) -> Any:
    spatial = extras.get("spatial") or package.get("spatial")
    if isinstance(spatial, str):
        try:
            spatial = json.loads(spatial)
        except (ValueError, RecursionError):
            spatial = None
    covered = _first(package.get("spatial_coverage"))
    return (
        read.box_of(spatial)
        or read.box_of(covered.get("bbox"))
        or read.box_of(covered.get("geom"))
        or read.box(
            extras.get("bbox-west-long"),
            extras.get("bbox-south-lat"),
            extras.get("bbox-east-long"),
            extras.get("bbox-north-lat"),
        )
    )


def _named(values: Any, *keys: str) -> list[Any]:
    return [
        next((one[key] for key in keys if one.get(key)), None) if isinstance(one, dict) else one
        for one in (values if isinstance(values, list) else [])
    ]


def _many(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, str) and value.startswith("["):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return []
        return found if isinstance(found, list) else []
    return [value] if isinstance(value, str) else []


def _first(values: Any) -> Mapping[str, Any]:
    one = values[0] if isinstance(values, list) and values else values
    return one if isinstance(one, dict) else {}


def _first_text(values: Any) -> Any:
    return values[0] if isinstance(values, list) and values else values
