"""The kind `facts-file`: any file whose rows say something of communes, by its source's mapping.

What the referential has a service for becomes observations; what is a dated characteristic of
the commune (a zoning, a rate) becomes an area fact. There are as many as communes and services,
however many rows say them: only those come out of the sandbox.
"""

from collections import Counter
from pathlib import Path

import msgspec

from catalog.area_facts import AreaFact, AreaSubject, save_area_facts, save_area_subjects
from catalog.referential import current
from config.errors import Invalid
from harvest.apply import Context, say
from harvest.journal import RunReport
from harvest.mapped import communes, frames, sandbox
from harvest.mapped.declared import FactsMapping
from harvest.mapped.places_file import finish
from harvest.mapped.records import FoundArea, FoundFact, Refused
from harvest.plan import Offered
from harvest.source_files import Release, SourceFile


def parse(source: SourceFile, release: Release, file: Path) -> Path:
    """The file itself: it is read when it is applied, and never kept as a whole."""
    return file


def apply(context: Context, file: Path) -> RunReport:
    """Find each row's commune, then say what the rows say."""
    mapping = context.source.facts
    assert mapping is not None  # noqa: S101 source files of this kind have one
    _check_words(mapping)
    numbers = context.numbers()
    evidence_id = context.evidence()
    atlas = communes.atlas(context.conn, hosts=mapping.host is not None)
    facts: list[tuple[str, str, Offered]] = []
    areas: list[AreaFact] = []
    rejected = 0
    with sandbox.reader(
        "facts", context.source, file, context.settings.paths.raw,
        atlas=msgspec.json.encode(atlas),
    ) as reader:  # fmt: skip
        for kind, piece in reader.pieces():
            if kind == frames.REFUSED:
                refused = msgspec.json.decode(piece, type=list[Refused])
                rejected += len(refused)
                context.reject(one.rejection for one in refused)
            elif kind == frames.FACTS:
                for fact in msgspec.json.decode(piece, type=list[FoundFact]):
                    attributes = dict.fromkeys(fact.attributes, True)
                    said = Offered(attributes, fact.seen, fact.url)
                    facts.append((fact.code, fact.service, said))
            elif kind == frames.AREAS:
                areas += (
                    AreaFact(one.code, one.id, one.value)
                    for one in msgspec.json.decode(piece, type=list[FoundArea])
                )
    came = say(context, evidence_id, numbers, facts)
    counts = came.plan.counts()
    if mapping.area:
        subjects = [AreaSubject(one.id, one.fr, one.en, one.unit) for one in mapping.area]
        save_area_subjects(context.conn, subjects, context.source.id)
        counts["area_facts"] = save_area_facts(
            context.conn, areas, source_id=context.source.id, evidence_id=evidence_id,
            observed_at=context.observed_at,
        )  # fmt: skip
    return finish(context, reader.told, Counter(reader.told.how), counts, rejected, came)


def _check_words(mapping: FactsMapping) -> None:
    """Raises Invalid for a service or an attribute that the referential does not have."""
    referential = current()
    for fact in mapping.says:
        if fact.service not in referential.services:
            raise Invalid(f"The referential has no service {fact.service!r}.")
        if not referential.services[fact.service].state(dict.fromkeys(fact.attributes, True)):
            raise Invalid(f"{', '.join(fact.attributes)} proves nothing of {fact.service}.")
