"""The kind `facts-file`: any file whose rows say something of communes, by its source's mapping.

What the referential has a service for becomes observations; what is a dated characteristic of
the commune (a zoning, a rate) becomes an area fact.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from catalog.area_facts import AreaFact, AreaSubject, save_area_facts, save_area_subjects
from catalog.ingest import Rejection
from catalog.referential import current
from config.errors import Invalid
from harvest.apply import Context, say
from harvest.journal import RunReport
from harvest.mapped import communes, sandbox
from harvest.mapped.communes import Gazetteer, Match
from harvest.mapped.declared import FactsMapping
from harvest.mapped.places_file import finish
from harvest.mapped.records import AreaValue, Record, Refused, Said, Statement, records
from harvest.plan import Offered
from harvest.source_files import Release, SourceFile


def parse(source: SourceFile, release: Release, file: Path) -> sandbox.Output:
    """The records of a file, left in a file beside the raw ones."""
    return sandbox.read(source, file, file.parents[1])


def apply(context: Context, output: sandbox.Output) -> RunReport:
    """Find each row's commune, then say what the rows say."""
    mapping = context.source.facts
    assert mapping is not None  # noqa: S101 source files of this kind have one
    _check_words(mapping)
    numbers = context.numbers()
    evidence_id = context.evidence()
    sieve = _Sieve(communes.gazetteer(context.conn, hosts=mapping.host is not None))
    try:
        facts, areas = sieve.sort(records(output.file))
    finally:
        output.file.unlink(missing_ok=True)
    said = say(context, evidence_id, numbers, facts)
    counts = said.plan.counts()
    if mapping.area:
        subjects = [AreaSubject(one.id, one.fr, one.en, one.unit) for one in mapping.area]
        save_area_subjects(context.conn, subjects, context.source.id)
        counts["area_facts"] = save_area_facts(
            context.conn, areas, source_id=context.source.id, evidence_id=evidence_id,
            observed_at=context.observed_at,
        )  # fmt: skip
    context.reject(sieve.rejections)
    return finish(context, output, sieve.how, counts, len(sieve.rejections), said)


def _check_words(mapping: FactsMapping) -> None:
    """Raises Invalid for a service or an attribute that the referential does not have."""
    referential = current()
    for fact in mapping.says:
        if fact.service not in referential.services:
            raise Invalid(f"The referential has no service {fact.service!r}.")
        if not referential.services[fact.service].state(dict.fromkeys(fact.attributes, True)):
            raise Invalid(f"{', '.join(fact.attributes)} proves nothing of {fact.service}.")


class _Sieve:
    """Statements by commune out of records. A commune that is said twice is said once."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.how: Counter[str] = Counter()
        self.rejections: list[Rejection] = []
        self._rows: set[str] = set()

    def sort(
        self, found: Iterable[Record]
    ) -> tuple[list[tuple[str, str, Offered]], list[AreaFact]]:
        facts: dict[tuple[str, str], Offered] = {}
        areas: dict[tuple[str, str], AreaFact] = {}
        for record in found:
            if isinstance(record, Refused):
                self.rejections.append(record.rejection)
            elif isinstance(record, Statement):
                for code, how in self._commune(record.row, record.said):
                    seen = record.seen if how == "code" else f"{record.seen} [{communes.HOW[how]}]"
                    offered = Offered(dict.fromkeys(record.attributes, True), seen, record.url)
                    self._keep(facts, code, record, offered)
            elif isinstance(record, AreaValue):
                for code, _ in self._commune(record.row, record.said):
                    areas.setdefault((code, record.id), AreaFact(code, record.id, record.value))
        return [(code, service, one) for (code, service), one in sorted(facts.items())], [
            areas[key] for key in sorted(areas)
        ]

    def _keep(
        self,
        facts: dict[tuple[str, str], Offered],
        code: str,
        record: Statement,
        offered: Offered,
    ) -> None:
        """Several rows may say the same of a commune: the first in alphabetical order is kept, so
        that the order of a file changes nothing."""
        key = (code, record.service)
        known = facts.get(key)
        if known is None or offered.seen < known.seen:
            facts[key] = offered

    def _commune(self, row: str, said: Said) -> Iterator[tuple[str, str]]:
        match = self.gazetteer.match(said)
        first = row not in self._rows
        self._rows.add(row)
        if isinstance(match, Match) and not match.part:
            self.how[match.how] += first
            yield match.code, match.how
        elif first:
            if isinstance(match, Match):
                match = f"a part of {match.code}: what is said of it is not said of the whole"
            written = " ".join(
                filter(None, (said.host, said.code, said.postcode, said.name, said.departement))
            )
            self.rejections.append(Rejection(row, "commune", match, written[:500]))
