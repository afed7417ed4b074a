"""From the bytes of a file to records, by the mapping of its source: what the sandbox runs.

A bad value loses itself, a bad row loses itself, and both are listed; a file that lost a column
we read, or whose numbers are numbers no more, is refused whole: the last good release stays.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from catalog.office_kinds import office_kinds
from config.errors import Invalid
from geo import french_crs, french_hours, opening_hours, osm_hours
from geo.cog import departement_of, is_code
from harvest import contacts
from harvest.mapped import archives, features, tables, values
from harvest.mapped.declared import (
    GIVEN,
    FactsMapping,
    FileForm,
    HoursMapping,
    PlacesMapping,
    Value,
    Where,
)
from harvest.mapped.encodings import twice_encoded
from harvest.mapped.personal import holds_mobile, looks_personal, suspect_columns
from harvest.mapped.records import AreaValue, Place, Record, Refused, Said, Statement, Summary
from harvest.mapped.tables import Opened, Row
from harvest.source_files import SourceFile

BROKEN_SHARE = 0.5  # of the values of one field: beyond it is the form that changed, not the rows
BROKEN_FROM = 20
LONGEST_TEXT = 4000
POSTCODE = re.compile(r"(?<!\d)\d{5}(?!\d)")
SIRET = re.compile(r"\d{14}")
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


def read(source: SourceFile, file: Path, work: Path) -> Iterator[Record | Summary]:
    """Every record of a file, its summary last. Raises Invalid for another form of file."""
    form, mapping = source.file, source.places or source.facts
    if form is None or mapping is None:
        raise Invalid(f"{source.id} has no mapping.")
    opened = open_file(file, form, work)
    # The columns of a document without a header are only known from the rows that have them.
    notes = drift(opened.columns, mapping.used, form)
    watch = _Watch()
    read_rows = 0
    sample: list[Row] = []
    refused_before = 0
    for where, row in opened.rows:
        read_rows += 1
        if len(sample) < 200:
            sample.append(row)
        for rejection in opened.refused[refused_before:]:
            yield _refused(rejection.remote_id, rejection.field, rejection.reason, rejection.value)
        refused_before = len(opened.refused)
        try:
            if isinstance(mapping, PlacesMapping):
                yield from _Reader(form, mapping, where, row, watch).records()
            else:
                yield from _statements(form, mapping, where, row)
        except Invalid as error:
            yield _refused(where, "row", str(error), _short(row))
    for rejection in opened.refused[refused_before:]:
        yield _refused(rejection.remote_id, rejection.field, rejection.reason, rejection.value)
    watch.check()
    if not read_rows:
        raise Invalid("The file holds no row.")
    known = mapping.used | set(mapping.personal)
    for name in suspect_columns(sample, set(opened.columns) - known):
        notes.append(f"column {name!r} may hold persons' data: it is not read")
    yield Summary(read_rows, [*opened.notes, *notes])


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


class _Watch:
    """Counts, field by field, what was published and what could not be read."""

    def __init__(self) -> None:
        self.published: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()

    def check(self) -> None:
        """Raises Invalid for a field that is mostly broken: its type changed."""
        for name, broken in self.broken.items():
            published = self.published[name]
            if broken >= BROKEN_FROM and broken > BROKEN_SHARE * published:
                raise Invalid(
                    f"drift: {broken} of the {published} values of {name} cannot be read: "
                    "its form has changed"
                )


class _Reader:
    """One row as a place, and what of it is not believed."""

    def __init__(
        self, form: FileForm, mapping: PlacesMapping, where: str, row: Row, watch: _Watch
    ) -> None:
        self.form = form
        self.mapping = mapping
        self.where = where
        self.row = row
        self.watch = watch
        self.refused: list[Refused] = []
        self.remote_id = ""

    def records(self) -> Iterator[Record]:
        if not values.chosen(self.mapping.only, self.row):
            return
        self.remote_id = self._text("remote_id", self.mapping.remote_id) or ""
        if not self.remote_id:
            raise Invalid("a row without its identifier")
        place = self._place()
        yield from self.refused
        if place is not None:
            yield place

    def _place(self) -> Place | None:
        mapping = self.mapping
        name = self._text("name", mapping.name)
        kind = values.text(mapping.kind, self.row)
        if name is None:
            self._refuse("name", "an office without a name: the row is left out", "")
            return None
        if kind not in office_kinds():
            self._refuse("kind", "not a kind of office: the row is left out", kind)
            return None
        said = _said(mapping.where, self.row)
        return Place(
            row=self.where,
            remote_id=self.remote_id,
            kind=kind,
            name=name,
            said=said,
            point=self._point(said),
            address=self._text("address", mapping.address),
            email=self._contact("email", mapping.email),
            phone=self._contact("phone", mapping.phone),
            website=self._website(),
            hours=self._hours(mapping.hours),
            accessibility=self._text("accessibility", mapping.accessibility),
            accessibility_details=self._text(
                "accessibility_details", mapping.accessibility_details
            ),
            siret=self._siret(),
            identifiers={
                scheme: found
                for scheme, value in sorted(mapping.identifiers.items())
                if (found := self._text(scheme, value))
            },
            helps_with=list(
                dict.fromkeys(
                    item for value in mapping.helps_with for item in values.items(value, self.row)
                )
            ),
        )

    def _refuse(self, name: str, reason: str, value: str) -> None:
        self.refused.append(_refused(self.remote_id or self.where, name, reason, value))

    def _text(self, name: str, value: Value | None) -> str | None:
        found = values.text(value, self.row)
        if not found:
            return None
        if "\x00" in found or len(found) > LONGEST_TEXT:
            self._refuse(name, "not a text that can be kept", found.replace("\x00", "␀")[:200])
            return None
        if twice_encoded(found) or "\ufffd" in found:
            self._refuse(name, "kept as published, though its letters look broken", found)
        return found

    def _contact(self, name: str, value: Value | None) -> str | None:
        found = self._text(name, value)
        if found is None:
            return None
        self.watch.published[name] += 1
        try:
            if name == "email":
                contacts.email(found)
            elif not contacts.is_phone(found):
                raise Invalid("not a telephone number")
        except Invalid as error:
            self.watch.broken[name] += 1
            self._refuse(name, str(error), "" if holds_mobile(found) else found)
            return None
        if not self.mapping.contacts_checked and looks_personal(name, found):
            self._refuse(name, "may be a person's: withheld until somebody has checked", "")
            return None
        return found

    def _website(self) -> str | None:
        found = self._text("website", self.mapping.website)
        if found is None or found in ("http://", "https://"):  # a form's untouched box
            return None
        try:
            return contacts.site(found)
        except Invalid as error:
            self._refuse("website", str(error), found)
            return None

    def _siret(self) -> str | None:
        found = self._text("siret", self.mapping.siret)
        if found is None:
            return None
        digits = "".join(found.split())
        if SIRET.fullmatch(digits) is None or not digits.strip("0"):
            self._refuse("siret", "not a SIRET", found)
            return None
        return digits

    def _hours(self, mapping: HoursMapping | None) -> dict[str, list[list[str]]] | None:
        if mapping is None:
            return None
        days = {day: values.text(value, self.row) for day, value in mapping.days.items()}
        published = values.text(mapping.column, self.row) or " / ".join(filter(None, days.values()))
        if not published:
            return None
        self.watch.published["hours"] += 1
        try:
            if mapping.form == "days":
                hours = french_hours.parse_days(days)
            elif mapping.form == "osm":
                hours = _written(published)
            else:
                hours = opening_hours.parse_data_france(published)
        except (Invalid, RecursionError) as error:
            self.watch.broken["hours"] += not mapping.free
            self._refuse("hours", str(error), published)
            return None
        return opening_hours.to_json(hours)

    def _point(self, said: Said) -> tuple[float, float] | None:
        where = self.mapping.where
        try:
            x, y = self._published_pair(where)
        except Invalid as error:
            self.watch.broken["point"] += 1
            self._refuse("point", str(error), _short(_pair_of(where, self.row)))
            return None
        if x is None or y is None:
            return None
        departement = said.departement or departement_of(said.code or said.postcode or "75")
        crs: int | str = (
            4326 if "@longitude" in self.row and self.form.crs == 4326 else self.form.crs
        )
        longitude, latitude = french_crs.degrees(x, y, crs, departement)
        if not (math.isfinite(longitude) and math.isfinite(latitude)):
            self.watch.broken["point"] += 1
            self._refuse("point", f"outside of the projection {self.form.crs}", f"{x} {y}")
            return None
        return longitude, latitude

    def _published_pair(self, where: Where) -> tuple[float | None, float | None]:
        if where.point is not None:
            found = values.text(where.point, self.row)
            if not found:
                return None, None
            self.watch.published["point"] += 1
            parts = re.split(r"[,;\s]+", found.strip("[]() "))
            if len(parts) != 2:
                raise Invalid("not two coordinates")
            first, second = tables.number(parts[0]), tables.number(parts[1])
            return (second, first) if where.order == "lat,lon" else (first, second)
        x = tables.number(values.text(where.longitude, self.row))
        y = tables.number(values.text(where.latitude, self.row))
        if x is not None or y is not None:
            self.watch.published["point"] += 1
        if (x is None) != (y is None):
            raise Invalid("one coordinate without the other")
        return x, y


def _written(text: str) -> opening_hours.Hours | None:
    """OpenStreetMap's syntax, or a French sentence where a French file has one in its place."""
    try:
        return osm_hours.parse(text)
    except Invalid as first:
        try:
            return french_hours.parse_week(text)
        except Invalid:
            raise first from None


def _said(where: Where, row: Row) -> Said:
    code = values.text(where.code, row).upper()
    if len(code) == 4 and code.isdigit():  # a spreadsheet took its zero away
        code = f"0{code}"
    postcode = values.text(where.postcode, row)
    if len(postcode) == 4 and postcode.isdigit():
        postcode = f"0{postcode}"
    found = POSTCODE.search(postcode)
    departement = values.text(where.departement, row).upper()
    return Said(
        code=code,
        name=values.text(where.name, row),
        postcode=found[0] if found else "",
        departement=departement.zfill(2) if departement else "",
    )


def _pair_of(where: Where, row: Row) -> str:
    if where.point is not None:
        return values.text(where.point, row)
    return f"{values.text(where.longitude, row)} {values.text(where.latitude, row)}"


def _statements(form: FileForm, mapping: FactsMapping, where: str, row: Row) -> Iterable[Record]:
    said = _said(mapping.where, row)
    if mapping.host is not None:
        said.host = values.text(mapping.host, row).casefold().rstrip(".")
    if said.code and not is_code(said.code) and not said.name:
        raise Invalid("not the code of a commune")
    if said == Said():
        raise Invalid("a row that names no commune")
    for fact in mapping.says:
        if values.chosen(fact.only, row):
            url = values.filled(fact.url, row) or None
            yield Statement(
                where, said, fact.service, list(fact.attributes), values.filled(fact.seen, row), url
            )
    for area in mapping.area:
        if found := values.text(area.value, row):
            yield AreaValue(where, said, area.id, found)


def _refused(remote_id: str, name: str, reason: str, value: str) -> Refused:
    return Refused(remote_id[:200], name, reason[:500], value.replace("\x00", "␀")[:500])


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text[:500]
