"""How well pages are read: precision and recall on labelled pages, by a half that was held out.

The pages are written by us, as varied as we could make them; they are not a sample of real sites,
and the figures say how the rules behave on them, no more. The rules were tuned on one half (by
the hash of the page's name) and never on the other.
"""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from harvest.discover import pages
from harvest.discover.recognise import Commune, recognise

TODAY = date(2026, 11, 25)  # the day of the visit, fixed: pages speak of years
COMMUNE = Commune(
    code="00000",
    name="valbois",
    own=frozenset({"trois vallons", "cc trois vallons"}),
    others=frozenset({"brezon", "montclar", "grandville", "saint remy du val"}),
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A page, what a person sees on it and what was found: service -> level."""

    name: str
    expected: dict[str, int]
    found: dict[str, int]
    held_out: bool


@dataclass(frozen=True, slots=True)
class Score:
    """`right` findings, `wrong` ones, and services that were `missed`; `overstated` are right
    findings with too high a level."""

    right: int
    wrong: int
    missed: int
    overstated: int

    @property
    def precision(self) -> float | None:
        total = self.right + self.wrong
        return self.right / total if total else None

    @property
    def recall(self) -> float | None:
        total = self.right + self.missed
        return self.right / total if total else None


def held_out(name: str) -> bool:
    """Which half a page is in: by its name's hash, so that nobody chooses."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def labelled(folder: Path) -> Iterator[Labelled]:
    """Every page of a folder (`expected.toml` and `pages/`), read."""
    expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    for name, one in expected.items():
        body = (folder / "pages" / f"{name}.html").read_bytes()
        found = recognise(pages.read(body, one["url"]), COMMUNE, TODAY)
        levels: dict[str, int] = {}
        for finding in found:
            levels[finding.service] = max(finding.level, levels.get(finding.service, 0))
        yield Labelled(name, one["services"], levels, held_out(name))


def score(read: Iterable[Labelled], service: str | None = None) -> Score:
    """The counts over some pages, of one service or of all."""
    counts: Counter[str] = Counter()
    for page in read:
        for one in page.expected.keys() | page.found.keys():
            if service not in (None, one):
                continue
            seen, there = one in page.found, one in page.expected
            counts["right"] += seen and there
            counts["wrong"] += seen and not there
            counts["missed"] += there and not seen
            counts["overstated"] += seen and there and page.found[one] > page.expected[one]
    return Score(counts["right"], counts["wrong"], counts["missed"], counts["overstated"])


def table(folder: Path) -> str:
    """The figures as a Markdown table: all services, then each; tuned half, then held-out half."""
    read = list(labelled(folder))
    tuned = [one for one in read if not one.held_out]
    kept = [one for one in read if one.held_out]
    services = sorted({name for one in read for name in one.expected.keys() | one.found.keys()})
    lines = [
        f"{len(read)} pages: {len(tuned)} that the rules were tuned on, {len(kept)} held out; "
        f"{sum(1 for one in read if not one.expected)} of them are look-alikes without a service.",
        "",
        "| service | held out: right | wrong | missed | too high | precision | recall | "
        "tuned: precision | recall |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for service in (None, *services):
        one, other = score(kept, service), score(tuned, service)
        lines.append(
            f"| {service or '**all**'} | {one.right} | {one.wrong} | {one.missed} | "
            f"{one.overstated} | {_shown(one.precision)} | {_shown(one.recall)} | "
            f"{_shown(other.precision)} | {_shown(other.recall)} |"
        )
    return "\n".join(lines)


def _shown(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"


def mistakes(folder: Path, *, of_held_out: bool) -> Iterator[str]:
    """What was wrong or missed, page by page."""
    for one in labelled(folder):
        if one.held_out == of_held_out and one.expected != one.found:
            yield f"{one.name}: expected {one.expected}, found {one.found}"
