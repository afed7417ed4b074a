"""The public page of a source: how fresh it is, what is wrong in it, and how its harvests went."""

import io
import re

from api.handlers.base import PageHandler, page_routes
from catalog import csv_cells
from config.errors import NotFound
from harvest import board

RUNS = 20  # on the page; the journal holds them all
SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)


def known(source: str) -> str:
    """An id that a source can have. Raises NotFound."""
    if not SOURCE.fullmatch(source):
        raise NotFound("There is no such source.", parameter="source")
    return source


class SourcePage(PageHandler):
    async def get(self, source: str) -> None:
        async with self.connection() as conn:
            described, standing = await board.standing(conn, known(source))
            listed = await board.runs(conn, described.id, RUNS)
            newest = await board.newest_read(conn, described.id)
            reasons = await board.reasons(conn, newest[0]) if newest else []
        self.render_page(
            "source.html",
            source=described,
            standing=standing,
            runs=[one for one in listed if not one.dry_run],
            reasons=reasons,
            rejected=sum(one.count for one in reasons),
            release=newest[1] if newest else None,
        )


class Rejects(PageHandler):
    """The rejected values of the newest run, as a table to send to the producer."""

    async def get(self, source: str) -> None:
        out = io.StringIO()
        async with self.connection() as conn:
            described, _ = await board.standing(conn, known(source))
            newest = await board.newest_read(conn, described.id)
            rows = (
                [
                    (described.id, newest[1], one.remote_id, one.field, one.reason, one.value)
                    async for page in board.rejected(conn, newest[0])
                    for one in page
                ]
                if newest
                else []
            )
        csv_cells.write(out, ("source", "release", "id", "field", "reason", "value"), rows)
        self.set_header("Content-Disposition", f'attachment; filename="rejets-{described.id}.csv"')
        self.set_header("X-Robots-Tag", "noindex")
        await self.send_large(out.getvalue().encode(), "text/csv; charset=utf-8; header=present")


ROUTES = [*page_routes("source-rejects", Rejects), *page_routes("source", SourcePage)]
