"""How far the nearest office is: a map in words and colours, and a table by département.

The picture is the map of OGC API Maps; every figure comes from the list that the publication
wrote beside the raster, so that the page, its CSV and the API cannot disagree.
"""

import csv
import io
from collections.abc import Mapping
from datetime import date
from typing import Any

from api.handlers.base import PageHandler, page_routes
from api.ogc.coverages import legend_rows
from api.ogc.grids import distances_of, name_of
from api.parameters import choice
from catalog import csv_cells
from catalog.office_kinds import office_kinds
from geo.grids import GRIDS, MAINLAND
from tiles.distance_files import Distances, Held
from tiles.distance_reading import COLOURS

KIND = choice("kind", "The kind of office.", office_kinds, default="mairie")
TERRITORY = choice(
    "territory", "The territory.", lambda: (grid.id for grid in GRIDS), default=MAINLAND.id
)
WIDTH = 720  # pixels of the picture, whatever the territory


class DistancePage(PageHandler):
    parameters = (KIND, TERRITORY)

    def chosen(self) -> tuple[Distances, Held | None]:
        """All that is held, and what was asked of it; None when nothing was measured there."""
        found = distances_of(self)
        wanted = (self.ask(KIND), self.ask(TERRITORY))
        return found, next((one for one in found.held if (one.kind, one.territory) == wanted), None)

    def names(self) -> Mapping[str, str]:
        geography = self.site.edition.geography
        return dict(zip(geography.departements, geography.departement_names, strict=True))

    def get(self) -> None:
        found, held = self.chosen()
        grid = next(one for one in GRIDS if one.id == self.ask(TERRITORY))
        sources = held.sources if held else ()
        self.render_page(
            "distances.html",
            measured=bool(found.held),
            held=held,
            kinds=office_kinds(),
            kind=self.ask(KIND),
            what=office_kinds()[self.ask(KIND)][self.language],
            grids=GRIDS,
            grid=grid,
            where=grid.frame.name(self.language),
            names=self.names() if self.site.published else {},
            legend=[(words, COLOURS["light"][at], COLOURS["dark"][at])
                    for at, (_, _, words) in enumerate(legend_rows(self.language))],
            day=date.fromisoformat(held.day) if held and held.day else None,
            collection=f"/ogc/collections/{name_of(held)}" if held else "",
            size=(WIDTH, round(WIDTH * grid.rows / grid.columns)),
            sources=[one for one in self.site.edition.sources if one.id in sources]
            if self.site.published else (),
            nobreak="\u00a0",
        )  # fmt: skip


class DistanceTable(DistancePage):
    """The table as CSV: whole metres, cells of each class, codes as text."""

    def get(self) -> None:
        _found, held = self.chosen()
        out = io.StringIO()
        edges = [f"cells_{'from_' + str(low) if low else 'under_' + str(high)}_m"
                 for low, high, _ in legend_rows("en")]  # fmt: skip
        header = (
            "departement", "name", "kind", "cells", *edges, "mean_m", "farthest_m",
            "mean_m_weighted_by_inhabitants", "inhabitants", "communes_known_incomplete",
            "source_date",
        )  # fmt: skip
        csv_cells.write(out, header, self.rows(held), quoting=csv.QUOTE_NONNUMERIC)
        name = f"guichet-distances-{self.ask(KIND)}-{self.ask(TERRITORY)}.csv"
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.set_header(
            "Link", '<https://www.etalab.gouv.fr/licence-ouverte-open-licence/>; rel="license"'
        )
        self.send(out.getvalue().encode(), "text/csv; charset=utf-8")

    def rows(self, held: Held | None) -> list[tuple[Any, ...]]:
        names = self.names()
        if held is None:
            return []
        return [
            (area.departement, names.get(area.departement, ""), held.kind, area.cells,
             *area.classes, area.mean, area.farthest,
             "" if area.weighted is None else area.weighted, area.population,
             area.incomplete, held.day or "")
            for area in held.areas
        ]  # fmt: skip


ROUTES = [
    *page_routes("distances", DistancePage),
    *page_routes("distances-table", DistanceTable),
]
