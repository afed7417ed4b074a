"""The page of a commune: is its mairie open, what can be done online, and how we know."""

from dataclasses import dataclass
from typing import Any

from api import agent_words, commune_json_ld
from api.forms import TOKEN_FIELD
from api.handlers.base import PageHandler, page_routes
from api.handlers.page_contribute import TRAP
from api.handlers.page_voices import Rate
from api.parameters import day
from catalog import area_facts, communes, observations, office_card, offices
from catalog import status as scoring
from catalog.communes import Commune
from catalog.database.asking import ask_all
from catalog.observations import Observation
from catalog.office_kinds import kind_name, office_kinds
from catalog.offices import NearOffice
from catalog.referential import Service
from catalog.states import Simple, State, simple
from catalog.status import Interval, Status
from crowd import contests, official_spaces, practice_lists
from crowd.practice_lists import Search
from geo import opening_hours

DAY = day("date", "The commune as it was known at the end of that day; absent: now.")
ALIKE = 5  # communes like this one
PRACTICES = 4  # sheets of communes like this one; their own page has all
OFFICIAL = 8  # official sites and accounts; their own page has all
DESKS = 12  # offices of a commune on its page; « around me » has the others


@dataclass(frozen=True, slots=True)
class Line:
    """One service on the page: what we say, why, and since when."""

    service: Service
    status: Status
    reading: Simple
    proof: Observation | None
    periods: tuple[Interval, ...]


class CommunePage(PageHandler):
    async def get(self, code: str) -> None:
        now = self.now
        site = self.site
        async with self.connection() as conn:
            found = await communes.resolve(conn, code)
            commune = found.commune
            if found.kind == "current" and code != commune.code:
                self.redirect(self.url("commune", code=commune.code), permanent=True)
                return
            held, around, areas, contested, *spaces = await ask_all(
                conn,
                observations.asking_of_commune(commune.number),
                offices.asking_of_commune(commune.number, now),
                area_facts.asking_of_commune(commune.number),
                contests.asking_of_commune(commune.number),
                *official_spaces.asking_of_commune(site.settings.official, commune.number),
            )
            official = official_spaces.of_both(*spaces)
            near = await self._near(conn, commune, around)
            mairie = next((one for one in around if one.kind == "mairie"), None)
            alike = await communes.similar(conn, commune, ALIKE)
            where = (commune.number, *(one.number for one in alike))
            practices, *corrections = await ask_all(
                conn,
                practice_lists.asking(Search(communes=where, limit=PRACTICES)),
                *([office_card.asking_corrections_of(mairie.id)] if mairie else []),
            )
            corrected = corrections[0] if corrections else []
            keys = await site.keyring.keys(conn)
            rate_token = keys.issue(Rate.form, now)
        statuses = scoring.of_all(site.referential, held, now)
        lines = [
            self._line(service, statuses, held) for service in site.referential.services.values()
        ]
        counts = {one: sum(1 for line in lines if line.reading is one) for one in Simple}
        self.render_page(
            "commune.html",
            found=found,
            commune=commune,
            mairie=mairie,
            corrected=corrected,
            desks=_desks(around),
            most_desks=DESKS,
            areas=areas,
            zonings=communes.ZONINGS,
            practices=practices,
            official=official[:OFFICIAL],
            kind_name=lambda kind: kind_name(kind, self.language),
            near=near,
            lines=lines,
            contests=contested,
            badge=lambda proof: agent_words.badge(self.t, proof, commune.name),
            outcome=lambda one: agent_words.outcome(self.t, one),
            counts=counts,
            known=len(lines) - counts[Simple.UNKNOWN],
            alike=await self._offers(alike),
            sources={source.id: source for source in site.edition.sources},
            source_titles=self._titles,
            State=State,
            Simple=Simple,
            say_hours=lambda state: opening_hours.sentence(state, self.language),
            hours_table=self._week,
            json_ld=commune_json_ld.made(commune, around, self.origin, self.language),
            rate_token=rate_token,
            token_field=TOKEN_FIELD,
            trap=TRAP,
        )

    def _titles(self, ids: tuple[str, ...]) -> str:
        known = {source.id: source.title for source in self.site.edition.sources}
        return " ; ".join(known.get(one, one) for one in ids)

    async def _near(self, conn: Any, commune: Commune, own: list[NearOffice]) -> list[NearOffice]:
        if commune.latitude is None or commune.longitude is None:
            return []
        found = await offices.nearby(
            conn,
            commune.latitude,
            commune.longitude,
            None,
            False,
            self.now,
            min(5 + len(own), offices.MOST),
        )
        mine = {office.id for office in own}
        return [office for office in found if office.id not in mine][:4]

    def _line(self, service: Service, statuses: Any, held: list[Observation]) -> Line:
        status: Status = statuses[service.id]
        own = [one for one in held if one.service == service.id]
        return Line(
            service,
            status,
            simple(status.state, status.level, service.full_level),
            status.decided_by,
            scoring.timeline(service, own),
        )

    async def _offers(
        self, alike: list[communes.Similar]
    ) -> list[tuple[communes.Similar, list[str]]]:
        """Each of these communes, and the ids of the services known to be offered there."""
        offered: list[tuple[communes.Similar, list[str]]] = [(one, []) for one in alike]
        for service in self.site.referential.services.values():
            array = await self.site.edition.arrays.get(service.id, self.now)
            for one, ids in offered:
                if State(int(array[one.number])).level is not None:
                    ids.append(service.id)
        return offered

    def _week(self, office: NearOffice) -> list[tuple[str, str]]:
        """(day, hours in words) of an office whose hours are known."""
        if office.hours is None:
            return []
        names = opening_hours.ENGLISH if self.language == "en" else opening_hours.FRENCH
        rows = []
        for name, intervals in zip(names, office.hours, strict=True):
            spans = ", ".join(
                f"{opening_hours.clock(a)}–{opening_hours.clock(b)}" for a, b in intervals
            )
            rows.append((name, spans or self.t("commune.closed_day")))
        return rows


def _desks(around: list[NearOffice]) -> list[NearOffice]:
    """The offices that are not the town hall, by kind in the order of display."""
    order = {kind: number for number, kind in enumerate(office_kinds())}
    desks = (one for one in around if one.kind != "mairie")
    return sorted(desks, key=lambda one: order.get(one.kind, len(order)))


ROUTES = page_routes("commune", CommunePage)
