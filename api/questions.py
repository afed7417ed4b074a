"""The query parameters that several answers share, and what they resolve to."""

from collections.abc import Iterable
from datetime import datetime

from api.parameters import Parameter, choice, cursor, limit, moment, number, text
from catalog import referential
from catalog.office_kinds import office_kinds

MAX_QUERY_CHARACTERS = 200


def services() -> Iterable[str]:
    """What `service=` accepts: the referential and the minimum bundle."""
    return (*referential.current().services, referential.BUNDLE_ID)


def referential_services() -> Iterable[str]:
    return tuple(referential.current().services)


SERVICE = choice("service", "A service of the referential, or `minimum-bundle`.", services,
                 required=True)  # fmt: skip
OF_SERVICE = choice("service", "Only this service of the referential.", referential_services)
AT: Parameter[datetime] = moment(
    "datetime",
    "The state of things at that moment: a date (its end, UTC) or a date-time with its offset. "
    "Absent: now.",
)
CHILDREN = choice("children", "The kind of parts to list, which sum to the whole.",
                  lambda: ("region", "departement", "epci", "commune"))  # fmt: skip
LATITUDE = number("lat", "Latitude, degrees (WGS 84).", minimum=-90, maximum=90, required=True,
                  example="45.767")  # fmt: skip
LONGITUDE = number("lon", "Longitude, degrees (WGS 84).", minimum=-180, maximum=180, required=True,
                   example="4.835")  # fmt: skip
KIND = choice("kind", "Only offices of this kind; absent: of every kind.", lambda: office_kinds())
OPEN = choice("open", "`now`: only offices that are open now; unknown hours are left out.",
              lambda: ("now",))  # fmt: skip
NEARBY_LIMIT = limit(default=10, maximum=50)
QUERY = text("q", "A name, a former name, a postal code or a COG code.",
             max_length=MAX_QUERY_CHARACTERS, required=True, example="saint etienne")  # fmt: skip
SEARCH_LIMIT = limit(default=10, maximum=50)
SINCE = cursor("since", "The `next` of the previous page; absent: from the beginning.")
CHANGES_LIMIT = limit(default=100, maximum=1000)
VERSION = text("version", "The version of the data that the caller knows (X-Guichet-Version); with "
               "`datetime`, it makes the answer immutable.", max_length=40,
               pattern=r"\d{1,18}\.\d{1,18}", example="3.12")  # fmt: skip
