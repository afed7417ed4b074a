"""Who needs a moderator, and who does not: one pure function, in words that anybody can read.

The public page "Qui décide de ce qui est publié ?" is made of RULES and LIMITS: what is written
there is what runs. Rules are tried in order; the first that applies decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from catalog.states import State
from crowd.speakers import Kind as Speaking


class Verdict(StrEnum):
    """What becomes of a contribution when it arrives."""

    PUBLISH = "publish"  # believed at once
    WAIT = "wait"  # a moderator looks at it
    HOLD = "hold"  # apart from the queue: a moderator looks at the whole batch


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of the policy."""

    fastest_seconds: float = 2.0  # a person cannot read and fill the form sooner
    hourly: int = 5  # contributions of one author within an hour
    daily: int = 20  # and within a day
    copies: int = 3  # of one text, for other communes, within a day
    witnesses: int = 2  # independent residents who must agree
    trusted_after: int = 3  # accepted contributions on that commune and service
    pair_hourly: int = 20  # contributions on one service of one commune within an hour


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the policy reads of a contribution and of what surrounds it."""

    speaker: Speaking
    mandate_covers: bool  # an agent's mandate is valid for this commune, now
    trapped: bool  # the field that people do not see was filled
    seconds: float  # between the form and its sending
    author_hour: int  # others of the same author within an hour
    author_day: int
    copies: int  # of the same text for other communes, within a day
    pair_hour: int  # others on the same service of the same commune, within an hour
    fact: State | None  # what it says is so; None: it only says that something is not
    level: int | None
    host_known: bool  # the link's host already serves this commune, in a source of ours
    agreeing: int  # independent authors who said the same before
    contradicted: bool  # another author, or the commune itself, says otherwise
    accepted: int  # the author's own record on that commune and service
    refused: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of the policy; its words are `crowd.rules.<id>` of the interface's texts."""

    id: str
    applies: Callable[[Situation, Limits], bool]
    verdict: Verdict


def _modest(said: Situation) -> bool:
    """A first-level fact, with a link to a host that already serves the commune."""
    return said.fact is State.INFORMATION and said.level == 1 and said.host_known


RULES: tuple[Rule, ...] = (
    Rule(
        "mandate",
        lambda said, _: said.speaker is Speaking.AGENT and said.mandate_covers,
        Verdict.PUBLISH,
    ),
    Rule("trap", lambda said, _: said.trapped, Verdict.HOLD),
    Rule("too-fast", lambda said, limits: said.seconds < limits.fastest_seconds, Verdict.HOLD),
    Rule(
        "burst",
        lambda said, limits: said.author_hour >= limits.hourly or said.author_day >= limits.daily,
        Verdict.HOLD,
    ),
    Rule("copies", lambda said, limits: said.copies >= limits.copies, Verdict.HOLD),
    Rule("crowded", lambda said, limits: said.pair_hour >= limits.pair_hourly, Verdict.HOLD),
    Rule("nothing-new", lambda said, _: said.fact is None, Verdict.WAIT),
    Rule("absence", lambda said, _: said.fact is State.ABSENT, Verdict.WAIT),
    Rule("level", lambda said, _: said.level is None or said.level > 1, Verdict.WAIT),
    Rule("unknown-host", lambda said, _: not said.host_known, Verdict.WAIT),
    Rule("contradicted", lambda said, _: said.contradicted, Verdict.WAIT),
    Rule(
        "trusted",
        lambda said, limits: (
            _modest(said) and said.accepted >= limits.trusted_after and said.refused == 0
        ),
        Verdict.PUBLISH,
    ),
    Rule(
        "two-residents",
        lambda said, limits: _modest(said) and said.agreeing + 1 >= limits.witnesses,
        Verdict.PUBLISH,
    ),
    Rule("alone", lambda said, _: True, Verdict.WAIT),
)


@dataclass(frozen=True, slots=True)
class Decided:
    """A verdict, and the id of the rule that gave it."""

    verdict: Verdict
    rule: str


def decide(said: Situation, limits: Limits = LIMITS) -> Decided:
    """The first rule that applies. The last one always does."""
    rule = next(rule for rule in RULES if rule.applies(said, limits))
    return Decided(rule.verdict, rule.id)
