"""How well pages are read: precision and recall on labelled pages, by a half that was held out.

The pages are written by us, as varied as we could make them; they are not a sample of real sites,
and the figures say how the rules behave on them, no more. The first rules were tuned on one half
of the first pages (by the hash of the page's name). Pages called `late-` were written after those
rules, harder on purpose: measured once, they then taught the second rules. Pages called `new-`
were written after these; what was wrong on three of them, and pages called `third-` written for
that, taught the third rules. Pages called `fresh-` are another hand's: whoever changes the rules
reads their counts, and never the pages.
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
    half: str  # tuned|held|late|new|third|fresh


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


def half(name: str) -> str:
    """Where a page belongs: by its name's hash, so that nobody chooses."""
    for batch in ("late", "new", "third", "fresh"):
        if name.startswith(f"{batch}-"):
            return batch
    return "held" if hashlib.sha256(name.encode()).digest()[0] % 2 else "tuned"


def labelled(folder: Path) -> Iterator[Labelled]:
    """Every page of a folder (`expected.toml` and `pages/`), read."""
    expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    for name, one in expected.items():
        (file,) = (folder / "pages").glob(f"{name}.htm*")  # .htm: not in UTF-8
        body = file.read_bytes()
        found = recognise(pages.read(body, one["url"]), COMMUNE, TODAY)
        levels: dict[str, int] = {}
        for finding in found:
            levels[finding.service] = max(finding.level, levels.get(finding.service, 0))
        yield Labelled(name, one["services"], levels, half(name))


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
    """The figures as Markdown: all services of each half, then each service over what was not
    tuned on."""
    read = list(labelled(folder))
    empty = sum(1 for one in read if not one.expected)
    lines = [
        f"{len(read)} pages, of which {empty} are look-alikes or show nothing.",
        "",
        "| pages | number | right | wrong | missed | too high | precision | recall |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, title in (
        ("tuned", "that the rules were tuned on"),
        ("held", "held out from the first rules"),
        ("late", "harder, that taught the second rules"),
        ("new", "written after the second rules; three mistakes then taught the third"),
        ("third", "written with the third rules, for them: a guard, no proof"),
        ("fresh", "whole pages, by a hand that had not read the rules"),
    ):
        mine = [one for one in read if one.half == name]
        lines.append(f"| {title} | {len(mine)} {_cells(score(mine))}")
    unseen = [one for one in read if one.half == "fresh"]
    lines += [
        "",
        "By service, over the whole pages:",
        "",
        "| service | right | wrong | missed | too high | precision | recall |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    services = sorted({name for one in unseen for name in one.expected.keys() | one.found.keys()})
    lines += [f"| {service} {_cells(score(unseen, service))}" for service in services]
    return "\n".join(lines)


def _cells(one: Score) -> str:
    return (
        f"| {one.right} | {one.wrong} | {one.missed} | {one.overstated} | "
        f"{_shown(one.precision)} | {_shown(one.recall)} |"
    )


def _shown(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"


def mistakes(folder: Path, of: str) -> Iterator[str]:
    """What was wrong or missed in one half (tuned, held or late), page by page."""
    for one in labelled(folder):
        if one.half == of and one.expected != one.found:
            yield f"{one.name}: expected {one.expected}, found {one.found}"
