"""`/data/{version}/{file}`: bulk files, whole or by range, and what they are (`/api/v1/bulk`)."""

import asyncio
import re
from collections.abc import Mapping
from datetime import date
from typing import ClassVar

import msgspec
from tornado.routing import URLSpec

from api.handlers.base import IMMUTABLE, ApiHandler, BaseHandler
from api.handlers.sending import REVALIDATE
from api.openapi import Answer, Operation, TemplateRoute
from catalog import withholding
from config.errors import NotFound, Unavailable
from tiles.bulk import manifest as bulk_manifest
from tiles.bulk.manifest import Manifest

CHUNK = 1 << 17
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}-\d{1,18}-\d{1,18}(-\d{1,18})?", re.ASCII)


class BulkEntry(msgspec.Struct):
    """One file. `rows` is null for tiles, rasters and the dictionary."""

    name: str
    table: str
    format: str
    media_type: str
    bytes: int
    sha256: str
    rows: int | None
    url: str


class BulkAnswer(Answer, kw_only=True):
    """`day`: states are those of its end, UTC. URLs name the version and never change."""

    version: str
    day: date
    revision: int
    referential: str
    files: list[BulkEntry]


class Bulk(ApiHandler):
    operation = Operation(
        "bulk", "The bulk files: everything public, with checksums", "Bulk", BulkAnswer
    )

    def get(self) -> None:
        _, manifest = bulk_manifest.newest(self.site.settings)
        self.reply(
            BulkAnswer,
            version=manifest.version,
            day=manifest.day,
            revision=manifest.revision,
            referential=manifest.referential,
            files=[
                BulkEntry(
                    one.name, one.table, one.format, one.media_type, one.bytes, one.sha256,
                    one.rows, f"{self.origin}{path_of(manifest, one.name)}",
                )
                for one in manifest.files
            ],
        )  # fmt: skip


def path_of(manifest: Manifest, name: str) -> str:
    return f"/data/{manifest.version}/{name}"


class BulkDownload(BaseHandler):
    """A file of a version that is still kept. Ranges let DuckDB and GDAL read a part of it."""

    strict = False

    async def get(self, version: str, name: str) -> None:
        if not _VERSION.fullmatch(version):
            raise NotFound("There is no such version of the bulk files; see /api/v1/bulk.")
        folder = bulk_manifest.root_of(self.site.settings) / version
        try:
            manifest = bulk_manifest.read(folder)
        except FileNotFoundError:
            raise NotFound("That version is no longer kept; see /api/v1/bulk.") from None
        file = manifest.file(name)
        offices = file.table == "offices"
        if offices:
            async with self.connection() as conn:
                shown = await withholding.latest(conn)
            if shown != bulk_manifest.hidden_upto(version):
                raise Unavailable("Telephones were hidden or shown since: it is being made again.")
        # A proxy must not go on giving a number that its commune hid since.
        self.set_header("Cache-Control", REVALIDATE if offices else IMMUTABLE)
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("Access-Control-Expose-Headers", "Content-Range, Content-Length, ETag")
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Content-Type", file.media_type)
        self.set_header("Content-Disposition", f'attachment; filename="guichet-{name}"')
        if self._tag(file.sha256[:24]):
            return
        start, end = self._span(file.bytes)
        if start >= end and file.bytes:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{file.bytes}")
            self.finish()
            return
        if (start, end) != (0, file.bytes):
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{end - 1}/{file.bytes}")
        self.set_header("Content-Length", str(end - start))
        if self.request.method == "HEAD":
            self.finish()
            return
        # 128 kB from the page cache: short enough for the loop, and a slow reader holds no more.
        with (folder / name).open("rb") as stream:
            stream.seek(start)
            left = end - start
            while left:
                piece = stream.read(min(CHUNK, left))
                left -= len(piece)
                self.write(piece)
                await self.flush()
        self.finish()

    def _span(self, size: int) -> tuple[int, int]:
        """The bytes asked for, end excluded: all of them unless one range is asked for."""
        asked = _RANGE.fullmatch(self.request.headers.get("Range", "").strip())
        if not asked or asked[0] == "bytes=-":
            return 0, size
        first, last = asked.groups()
        if not first:
            return max(0, size - int(last)), size if int(last) else 0
        return int(first), min(size, int(last) + 1) if last else size


class Catalogue(BaseHandler):
    """The hub described for portals: `/dcat.ttl`, `/dcat.jsonld`, `/dcat.rdf`."""

    SYNTAX: ClassVar[Mapping[str, str]] = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml"}

    async def get(self, suffix: str) -> None:
        from api import dcat  # rdflib takes a while to import, and few ask for this

        _, manifest = bulk_manifest.newest(self.site.settings)
        syntax = self.SYNTAX[suffix]
        self.set_header("Access-Control-Allow-Origin", "*")
        if self.unchanged("dcat", manifest.version, suffix, self.origin):
            return

        def written() -> bytes:
            edition = self.site.edition
            graph = dcat.catalogue(self.origin, manifest, self.site.referential, edition.sources)
            return graph.serialize(format=syntax, encoding="utf-8")

        self.send(await asyncio.to_thread(written), dcat.FORMATS[syntax])


ROUTES = [
    URLSpec(r"/dcat\.(?P<suffix>ttl|jsonld|rdf)$", Catalogue),
    TemplateRoute("/api/v1/bulk", Bulk),
    TemplateRoute("/data/{version}/{name}", BulkDownload),
]
