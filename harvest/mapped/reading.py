"""From the bytes of a file to records, by the mapping of its source: what the sandbox runs.

A bad value loses itself, a bad row loses itself, and both are listed; a file that lost a column
we read, or whose numbers are numbers no more, is refused whole: the last good release stays.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from config.errors import Invalid
from geo.cog import is_code
from harvest.mapped import archives, features, tables, values
from harvest.mapped.declared import GIVEN, FactsMapping, FileForm, PlacesMapping
from harvest.mapped.personal import suspect_columns
from harvest.mapped.place_reading import PlaceReader, said_by
from harvest.mapped.records import (
    AreaValue,
    Record,
    Refused,
    Said,
    Statement,
    Summary,
    refused,
    short,
)
from harvest.mapped.tables import Cells, Opened, Row
from harvest.source_files import SourceFile

SAMPLE = 200  # rows that are looked at for columns about persons
ENDINGS = {
    "csv": "*.csv", "xlsx": "*.xlsx", "json": "*.json", "geojson": "*.geojson",
    "shapefile": "*.shp", "gpkg": "*.gpkg", "flatgeobuf": "*.fgb", "osm": "*.osm*",
}  # fmt: skip


def open_file(file: Path, form: FileForm, work: Path) -> Opened:
    """The rows of a file, unpacked in the folder `work` first when it is an archive."""
    if form.format != "xlsx" and archives.is_archive(file):
        file = _member(archives.unpack(file, work, form.member), form)
    elif form.format in features.DRIVERS:
        # GDAL wants the ending; the raw store names files by what they hold.
        ending = ENDINGS[form.format].strip("*") or ".osm"
        if form.format == "osm" and not file.read_bytes()[:200].lstrip().startswith(b"<"):
            ending = ".osm.pbf"
        link = work / f"file{ending}"
        link.symlink_to(file)
        file = link
    match form.format:
        case "csv":
            return tables.open_csv(file, form)
        case "xlsx":
            return tables.open_xlsx(file, form)
        case "json":
            return tables.open_json(file, form)
        case "geojson":
            return features.open_geojson(file, form)
        case _:
            return features.open_with_gdal(file, form)


def _member(files: list[Path], form: FileForm) -> Path:
    wanted = form.member or ENDINGS[form.format]
    found = [path for path in files if path.match(wanted)]
    if len(found) != 1:
        raise Invalid(f"The archive holds {len(found)} files like {wanted}, one was expected.")
    return found[0]


class OpenFile:
    """A file that is being read: its rows, and what is said of it as a whole at the end."""

    def __init__(self, source: SourceFile, file: Path, work: Path) -> None:
        """Raises Invalid for another form of file than the mapping was written for."""
        mapping = source.places or source.facts
        if source.file is None or mapping is None:
            raise Invalid(f"{source.id} has no mapping.")
        self.form = source.file
        self.mapping: PlacesMapping | FactsMapping = mapping
        self.opened = open_file(file, self.form, work)
        # The columns of a document without a header are only known from the rows that have them.
        self._notes = drift(self.opened.columns, mapping.used, self.form)
        self._read = 0
        self._sample: list[Row] = []

    @property
    def twice(self) -> bool:
        """Whether its rows can be had a second time."""
        return self.opened.blocks is not None

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Every row, with its name for people. Raises Invalid for a file without any."""
        rows = iter(self.opened.rows)
        for where, row in rows:
            self._sample.append(row)
            self._read += 1
            yield where, row
            if self._read == SAMPLE:
                break
        for one in rows:
            self._read += 1
            yield one
        if not self._read:
            raise Invalid("The file holds no row.")

    def blocks(self) -> Iterator[list[Cells]]:
        """Every row as bare cells, for the first of several readings: see `twice`. Raises Invalid
        for a file without any."""
        assert self.opened.blocks is not None  # noqa: S101 see `twice`
        for block in self.opened.blocks(self.opened.refused):
            self._sample += (self.row(one) for _, one in block[: max(0, SAMPLE - self._read)])
            self._read += len(block)
            yield block
        if not self._read:
            raise Invalid("The file holds no row.")

    def blocks_again(self) -> Iterator[list[Cells]]:
        """The same once more, uncounted."""
        assert self.opened.blocks is not None  # noqa: S101 see `twice`
        return self.opened.blocks([])

    def row(self, cells: list[str]) -> Row:
        """The row that bare cells are."""
        return dict(zip(self.opened.columns, cells))  # noqa: B905 they are as many

    def refused(self) -> Iterator[Refused]:
        """The broken rows that were met since this was asked last."""
        broken = [*self.opened.refused]
        self.opened.refused.clear()
        for one in broken:
            yield refused(one.remote_id, one.field, one.reason, one.value)

    def summary(self) -> Summary:
        known = self.mapping.used | set(self.mapping.personal)
        suspect = suspect_columns(self._sample, set(self.opened.columns) - known)
        noted = [f"column {name!r} may hold persons' data: it is not read" for name in suspect]
        return Summary(self._read, [*self.opened.notes, *self._notes, *noted])


def read(source: SourceFile, file: Path, work: Path) -> Iterator[Record | Summary]:
    """Every record of a file, its summary last. Raises Invalid for another form of file."""
    found = OpenFile(source, file, work)
    places = None
    if isinstance(found.mapping, PlacesMapping):
        places = PlaceReader(found.form, found.mapping)
        record = place_records(places)
    else:
        record = statements(found.mapping)
    for where, row in found.rows():
        yield from found.refused()
        try:
            yield from record(where, row)
        except Invalid as error:
            yield refused(where, "row", str(error), short(row))
    yield from found.refused()
    if places is not None and (reason := places.watch.drifted()):
        raise Invalid(reason)
    yield found.summary()


def place_records(reader: PlaceReader) -> Callable[[str, Row], Iterator[Record]]:
    """What gives a row's place, after what of it is not believed."""

    def records(where: str, row: Row) -> Iterator[Record]:
        place = reader.read(where, row)
        yield from reader.refused
        if place is not None:
            yield place

    return records


def drift(columns: tuple[str, ...], used: frozenset[str], form: FileForm) -> list[str]:
    """What changed in the columns since the mapping was written. Raises Invalid when a column
    that we read is gone: its values would silently become unknown."""
    present = set(columns)
    if not columns:
        return []
    known = set(form.columns)
    new = [name for name in columns if known and name and name not in known]
    gone = sorted(known - present)
    # OpenStreetMap has no columns, only tags that an object has or has not.
    lost = [] if form.format == "osm" else sorted(used - present - GIVEN)
    if lost:
        hint = f"; new ones: {', '.join(new)}" if new else ""
        raise Invalid(f"drift: the file lost columns that are read: {', '.join(lost)}{hint}")
    notes = [f"drift: column {name!r} is gone; nothing of it was read" for name in gone]
    return [*notes, *(f"drift: column {name!r} is new; nothing of it is read" for name in new)]


def statements(mapping: FactsMapping) -> Callable[[str, Row], Iterator[Record]]:
    """What gives what a row says of its commune."""
    said_of = said_by(mapping.where)
    host = None if mapping.host is None else values.text(mapping.host)
    says = [
        (fact, values.chosen(fact.only), values.filled(fact.seen), values.filled(fact.url))
        for fact in mapping.says
    ]
    areas = [(area.id, values.text(area.value)) for area in mapping.area]

    def records(where: str, row: Row) -> Iterator[Record]:
        said = said_of(row)
        if host is not None:
            said.host = host(row).casefold().rstrip(".")
        if said.code and not is_code(said.code) and not said.name:
            raise Invalid("not the code of a commune")
        if said == Said():
            raise Invalid("a row that names no commune")
        for fact, chosen, seen, url in says:
            if chosen(row):
                yield Statement(
                    where, said, fact.service, list(fact.attributes), seen(row), url(row) or None
                )
        for area, value in areas:
            if found := value(row):
                yield AreaValue(where, said, area, found)

    return records
