"""What people correct in an office: it outlives every harvest, and is never overwritten by one.

The office's row says what readers see: a corrected field holds the person's value. Its versions
say what the source said, each time; a source that says otherwise than the person is a conflict,
which is shown and decided by people. Nothing is deleted: a correction is superseded by the next
one of the same field, or ended.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from catalog.database.queries import query
from catalog.observations import Nature
from config.errors import Invalid, NotFound
from geo import opening_hours

type Connection = psycopg.Connection[Any]

LONGEST = 500  # characters of a corrected text


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field of which a person and the source say different things; None: nothing."""

    office_id: int
    remote_id: str
    name: str
    field: str
    corrected: Any
    said: Any

    def __str__(self) -> str:
        return (
            f"office conflict: {self.remote_id} {self.name}: {self.field}: a person says "
            f"{_short(self.corrected)}, the source says {_short(self.said)}"
        )


def correct(
    conn: Connection,
    office_id: int,
    field: str,
    value: Any,
    who: str,
    nature: Nature,
    *,
    seen: str,
    observed_at: datetime | None = None,
    evidence_id: int | None = None,
) -> int:
    """Correct one field of an office, in the caller's transaction. The correction's id.

    `who` is a pseudonym (it stays for ever; names live apart), `seen` is what the person saw or
    said, word for word. A value of None says that there is none: an office without telephone.
    Raises NotFound for an unknown office, Invalid for a field or a value that cannot be.
    """
    if not who.strip() or not seen.strip():
        raise Invalid("A correction says who made it and what was seen.")
    read = _kind(field)
    return _add(
        conn, office_id, field, read(value), who, nature, seen, observed_at, evidence_id, "set"
    )


def end(
    conn: Connection, office_id: int, field: str, who: str, nature: Nature, *, seen: str
) -> int:
    """End the correction of a field: the source's own value is shown again. The row's id."""
    _kind(field)
    return _add(conn, office_id, field, None, who, nature, seen, None, None, "end")


def reapply(conn: Connection, source_id: str) -> list[Conflict]:
    """After a harvest of `source_id` wrote its rows: give the corrected fields their value back,
    in the same transaction. The conflicts, which the plan lists."""
    rows = conn.execute(query("catalog", "correction_of_source"), {"source": source_id}).fetchall()
    conflicts = []
    for office_id, remote_id, name, field, kept, fields in rows:
        corrected, said = kept["value"], said_of(fields, field)
        _set(conn, office_id, field, corrected)
        if corrected != said:
            conflicts.append(Conflict(office_id, remote_id, name, field, corrected, said))
    return conflicts


def _add(
    conn: Connection,
    office_id: int,
    field: str,
    value: Any,
    who: str,
    nature: Nature,
    seen: str,
    observed_at: datetime | None,
    evidence_id: int | None,
    action: str,
) -> int:
    # The row is locked first: a harvest that writes it waits, and then sees this correction.
    locked = conn.execute(
        "select 1 from catalog.office where id = %s for update", (office_id,)
    ).fetchone()
    if locked is None:
        raise NotFound(f"There is no office {office_id}.")
    row = conn.execute(
        query("catalog", "correction_add"),
        {
            "office": office_id, "field": field, "nature": nature.value, "who": who, "seen": seen,
            # Wrapped: "there is none" is a value, and SQL's null ends the correction.
            "value": None if action == "end" else json.dumps({"value": value}),
            "evidence": evidence_id, "observed_at": observed_at or datetime.now(UTC),
        },
    ).fetchone()  # fmt: skip
    assert row is not None  # noqa: S101 the statement always returns its row
    if action == "end":
        fields = conn.execute(
            "select fields from catalog.office_version where office_id = %s "
            "order by id desc limit 1",
            (office_id,),
        ).fetchone()
        value = said_of(fields[0] if fields else {}, field)
    _set(conn, office_id, field, value)
    return int(row[0])


def _set(conn: Connection, office_id: int, field: str, value: Any) -> None:
    if field == "point":
        lon, lat = value or (None, None)
        conn.execute(
            "update catalog.office set point = st_setsrid(st_makepoint(%s, %s), 4326)"
            " where id = %s",
            (lon, lat, office_id),
        )
        return
    statement = sql.SQL("update catalog.office set {} = %s where id = %s")
    wrapped = Jsonb(value) if field == "hours" and value is not None else value
    conn.execute(statement.format(sql.Identifier(field)), (wrapped, office_id))


def said_of(fields: Mapping[str, Any], field: str) -> Any:
    """What a version of an office says of one field, as corrections write it."""
    if field != "point":
        return fields.get(field)
    lon, lat = fields.get("longitude"), fields.get("latitude")
    return None if lon is None or lat is None else [lon, lat]


# ------------------------------------------------------------------- what can be corrected


def _kind(field: str) -> Callable[[Any], Any]:
    try:
        return FIELDS[field]
    except KeyError:
        known = ", ".join(sorted(FIELDS))
        raise Invalid(f"There is no field {field!r} to correct; these are: {known}.") from None


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST or "\0" in value:
        raise Invalid(f"A text of 1 to {LONGEST} characters, or nothing.")
    return value.strip()


def _name(value: Any) -> str:
    if (name := _text(value)) is None:
        raise Invalid("An office has a name.")
    return name


def _site(value: Any) -> str | None:
    text = _text(value)
    if text is not None and not text.startswith(("http://", "https://")):
        raise Invalid("The address of a site begins with http:// or https://.")
    return text


def _hours(value: Any) -> Any:
    try:
        opening_hours.from_json(value)
    except (TypeError, ValueError) as error:
        raise Invalid("Opening hours are pairs of times, day by day.") from error
    return json.loads(json.dumps(value))


def _access(value: Any) -> str | None:
    if value not in (None, "ACC", "DEM", "NAC"):
        raise Invalid("Accessibility is ACC, DEM or NAC, or nothing.")
    found: str | None = value
    return found


def _point(value: Any) -> list[float] | None:
    if value is None:
        return None
    wrong = Invalid("A point is a longitude and a latitude, in degrees.")
    try:
        lon, lat = (float(number) for number in value)
    except (TypeError, ValueError) as error:
        raise wrong from error
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise wrong
    return [lon, lat]


FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "name": _name,
    "address": _text,
    "email": _text,
    "phone": _text,
    "website": _site,
    "hours": _hours,
    "accessibility": _access,
    "accessibility_details": _text,
    "point": _point,
}


def _short(value: Any) -> str:
    text = "(nothing)" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
