"""Statements by commune out of the records of a file. A commune that is said twice is said once."""

from collections import Counter
from collections.abc import Iterator

from harvest.mapped import communes
from harvest.mapped.communes import Gazetteer, Match
from harvest.mapped.records import (
    AreaValue,
    FoundArea,
    FoundFact,
    Record,
    Refused,
    Said,
    Statement,
    refused,
)


class FactSieve:
    """Takes records one by one; keeps what they say of each commune, and no row."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.how: Counter[str] = Counter()
        self.refused: list[Refused] = []
        self._row = ""  # the last one: the records of a row follow each other
        self._facts: dict[tuple[str, str], FoundFact] = {}
        self._areas: dict[tuple[str, str], FoundArea] = {}

    def take(self, record: Record) -> None:
        if isinstance(record, Refused):
            self.refused.append(record)
        elif isinstance(record, Statement):
            for code, how in self._commune(record.row, record.said):
                seen = record.seen if how == "code" else f"{record.seen} [{communes.HOW[how]}]"
                found = FoundFact(code, record.service, record.attributes, seen, record.url)
                # Several rows may say the same of a commune: the first in alphabetical order is
                # kept, so that the order of a file changes nothing.
                known = self._facts.get((code, record.service))
                if known is None or seen < known.seen:
                    self._facts[code, record.service] = found
        elif isinstance(record, AreaValue):
            for code, _ in self._commune(record.row, record.said):
                self._areas.setdefault((code, record.id), FoundArea(code, record.id, record.value))

    def facts(self) -> list[FoundFact]:
        """One for each commune and service, in their order."""
        return [self._facts[key] for key in sorted(self._facts)]

    def areas(self) -> list[FoundArea]:
        return [self._areas[key] for key in sorted(self._areas)]

    def _commune(self, row: str, said: Said) -> Iterator[tuple[str, str]]:
        match = self.gazetteer.match(said)
        first = row != self._row
        self._row = row
        if isinstance(match, Match) and not match.part:
            self.how[match.how] += first
            yield match.code, match.how
        elif first:
            if isinstance(match, Match):
                match = f"a part of {match.code}: what is said of it is not said of the whole"
            written = " ".join(
                filter(None, (said.host, said.code, said.postcode, said.name, said.departement))
            )
            self.refused.append(refused(row, "commune", match, written))
