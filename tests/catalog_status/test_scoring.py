"""THE scoring function: rules one by one, then properties over any set of statements."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.observations import Nature, Observation
from catalog.referential import Service, current
from catalog.states import Simple, State, simple
from catalog.status import NEVER_SEEN, Reason, score, timeline

SERVICE = current().service("canteen")
START = datetime(2021, 2, 3, tzinfo=UTC)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def said(
    state: State | None = State.INFORMATION,
    nature: Nature = Nature.DIRECTORY,
    source: str | None = None,
    days: float = 0,
    until: float | None = None,
    **fields: object,
) -> Observation:
    return Observation(
        service="canteen",
        state=state,
        nature=nature,
        source_id=source or nature.value,
        evidence_id=1,
        seen="what was seen",
        observed_at=at(days),
        valid_until=None if until is None else at(until),
        commune_number=1,
        **fields,  # type: ignore[arg-type]
    )


def now(*said_: Observation) -> tuple[State, Reason]:
    status = score(SERVICE, said_, at(100))
    return status.state, status.reason


LAW = {"nature": Nature.LAW, "provider": "state"}


def test_nothing_said_is_unknown() -> None:
    assert score(SERVICE, [], at(0)) == NEVER_SEEN
    assert score(SERVICE, [said(days=5)], at(4)) == NEVER_SEEN


def test_a_statement_holds_from_its_instant_to_its_end_excluded() -> None:
    one = said(State.ONE_WAY, days=1, until=10)
    assert score(SERVICE, [one], at(1)).state is State.ONE_WAY
    assert score(SERVICE, [one], at(10) - timedelta(microseconds=1)).state is State.ONE_WAY
    ended = score(SERVICE, [one], at(10))
    assert (ended.state, ended.reason) == (State.UNKNOWN, Reason.EXPIRED)


def test_the_latest_voice_of_a_source_counts() -> None:
    assert now(said(State.TWO_WAY), said(State.ONE_WAY, days=9))[0] is State.ONE_WAY
    assert now(said(State.TWO_WAY), said(None, days=9)) == (State.UNKNOWN, Reason.WITHDRAWN)


def test_an_expired_latest_voice_does_not_bring_the_older_one_back() -> None:
    assert now(said(State.TWO_WAY), said(days=9, until=20)) == (State.UNKNOWN, Reason.EXPIRED)


def test_the_most_advanced_proven_level_wins_with_its_link() -> None:
    status = score(
        SERVICE,
        [
            said(State.ONE_WAY, url="https://a"),
            said(State.TWO_WAY, Nature.AGENT, url="https://b", provider="epci"),
        ],
        at(1),
    )
    assert (status.state, status.level) == (State.TWO_WAY, 3)
    assert (status.url, status.provider) == ("https://b", "epci")


def test_absence_needs_the_commune_or_two_observers() -> None:
    absent = State.ABSENT
    assert now(said(absent, Nature.AGENT))[0] is absent
    assert now(said(absent, Nature.DIRECTORY)) == (State.UNKNOWN, Reason.UNCONFIRMED)
    assert now(said(absent, Nature.PROBE)) == (State.UNKNOWN, Reason.UNCONFIRMED)
    assert now(said(absent), said(absent, Nature.PROBE))[0] is absent
    people = [
        said(absent, Nature.RESIDENT, "people", attributes={"observer": name}) for name in "ab"
    ]
    assert now(*people)[0] is absent
    assert now(people[0])[0] is State.UNKNOWN


def test_equals_that_disagree_are_a_conflict() -> None:
    pair = [said(), said(State.ABSENT, Nature.REGISTER)]
    assert now(*pair) == (State.UNKNOWN, Reason.CONFLICT)
    assert now(*pair, said(State.TWO_WAY, Nature.AGENT))[0] is State.TWO_WAY
    assert now(*pair, said(State.ABSENT, Nature.AGENT))[0] is State.ABSENT


def test_one_denial_by_a_better_voice_is_neither_presence_nor_absence() -> None:
    assert now(said(State.ABSENT), said(nature=Nature.PROBE)) == (State.UNKNOWN, Reason.CONFLICT)


def test_two_residents_are_heard_before_a_directory_and_one_is_not() -> None:
    first, second = (
        said(State.ABSENT, Nature.RESIDENT, "people", attributes={"observer": name})
        for name in "ab"
    )
    assert now(said(), first)[0] is State.INFORMATION
    assert now(said(), first, second)[0] is State.ABSENT


def test_a_national_service_gives_its_level_and_keeps_it() -> None:
    law = said(State.TWO_WAY, url="https://gouv", **LAW)
    status = score(SERVICE, [law, said(State.ABSENT, Nature.AGENT)], at(1))
    assert (status.state, status.provider, status.url) == (State.TWO_WAY, "state", "https://gouv")
    better = score(SERVICE, [law, said(State.TRANSACTION, Nature.AGENT)], at(1))
    assert (better.level, better.provider) == (4, "commune")
    equal = score(SERVICE, [law, said(State.TWO_WAY, Nature.AGENT, url="https://own")], at(1))
    assert equal.url == "https://own"


def test_a_moved_competence_is_another_body_unless_the_commune_keeps_it() -> None:
    law = said(State.OTHER_BODY, Nature.LAW, provider="epci")
    assert now(law) == (State.OTHER_BODY, Reason.OTHER_BODY)
    with_page = score(SERVICE, [law, said(State.ONE_WAY, url="https://page")], at(1))
    assert (with_page.state, with_page.level) == (State.OTHER_BODY, 2)
    assert (with_page.provider, with_page.url) == ("epci", "https://page")
    assert now(law, said(State.ABSENT, Nature.AGENT))[0] is State.OTHER_BODY
    assert now(law, said(State.TWO_WAY, Nature.AGENT))[0] is State.TWO_WAY
    assert now(law, said(State.TWO_WAY, Nature.AGENT, provider="epci"))[0] is State.OTHER_BODY


def test_a_silence_about_one_commune_corrects_a_statement_about_france() -> None:
    france = Observation(
        "canteen", State.TWO_WAY, Nature.LAW, "national", 1, "seen", at(0), None, id=1
    )
    silence = Observation("canteen", None, Nature.LAW, "national", 1, "seen", at(0), 1, id=2)
    assert now(france)[0] is State.TWO_WAY
    assert now(france, silence) == (State.UNKNOWN, Reason.WITHDRAWN)


def test_a_correction_silences_only_its_own_source() -> None:
    wrong = said(State.TRANSACTION, id=1, days=5)
    assert now(wrong, said(days=1, id=2, supersedes=1))[0] is State.INFORMATION
    other = said(State.INFORMATION, Nature.AGENT, days=1, id=2, supersedes=1)
    assert now(wrong, other)[0] is State.TRANSACTION


def test_limits_of_a_probe_and_of_a_mailto() -> None:
    assert now(said(State.PROACTIVE, Nature.PROBE))[0] is State.ONE_WAY
    assert now(said(State.PROACTIVE, url="mailto:a@b"))[0] is State.INFORMATION
    assert now(said(State.PROACTIVE, url="MailTo:a@b"))[0] is State.INFORMATION


def test_the_simple_reading() -> None:
    assert simple(State.INFORMATION, 1, 1) is Simple.PRESENT
    assert simple(State.INFORMATION, 1, 3) is Simple.PARTIAL
    assert simple(State.TWO_WAY, 3, 5) is Simple.PRESENT
    assert simple(State.OTHER_BODY, 4, 4) is Simple.OTHER
    assert simple(State.UNKNOWN, None, 1) is Simple.UNKNOWN
    assert simple(State.ABSENT, None, 1) is Simple.ABSENT


# ------------------------------------------------------------------------------- properties

ATTRIBUTES = [
    "information_page", "downloadable_form", "online_request", "receipt", "payment",
    "status_tracking", "prefilled", "observer",
]  # fmt: skip
SOURCE_NATURE = {
    "d1": Nature.DIRECTORY, "d2": Nature.DIRECTORY, "r": Nature.REGISTER, "p1": Nature.PROBE,
    "p2": Nature.PROBE, "people": Nature.RESIDENT, "a": Nature.AGENT, "law": Nature.LAW,
}  # fmt: skip


@st.composite
def statements(draw: st.DrawFn) -> list[Observation]:
    found = []
    for i in range(draw(st.integers(0, 8))):
        source = draw(st.sampled_from(sorted(SOURCE_NATURE)))
        names = draw(st.sets(st.sampled_from(ATTRIBUTES), max_size=4))
        days = draw(st.integers(0, 30))
        length = draw(st.none() | st.integers(1, 20))
        found.append(
            Observation(
                service="canteen",
                state=draw(st.none() | st.sampled_from(State)),
                nature=SOURCE_NATURE[source],
                source_id=source,
                evidence_id=1,
                seen="seen",
                observed_at=at(days),
                commune_number=draw(st.sampled_from([1, None])),
                attributes={
                    n: draw(st.sampled_from("xy")) if n == "observer" else True for n in names
                },
                url=draw(st.sampled_from([None, "https://a", "https://b", "mailto:c@d"])),
                provider=draw(st.sampled_from([None, "commune", "epci", "state"])),
                valid_until=None if length is None else at(days + length),
                id=i + 1,
            )
        )
    return found


DAYS = st.integers(-1, 60).map(lambda n: n / 1.0)
MANY = settings(max_examples=300, deadline=None)


@MANY
@given(statements(), DAYS, st.randoms(use_true_random=False))
def test_order_does_not_matter(held: list[Observation], day: float, rng: random.Random) -> None:
    shuffled = held.copy()
    rng.shuffle(shuffled)
    one, two = score(SERVICE, held, at(day)), score(SERVICE, shuffled, at(day))
    assert one == two
    assert one.observation_id == two.observation_id


@MANY
@given(statements(), DAYS, st.data())
def test_one_more_attribute_never_lowers(
    held: list[Observation], day: float, data: st.DataObject
) -> None:
    if not held:
        return
    i = data.draw(st.integers(0, len(held) - 1))
    name = data.draw(st.sampled_from([n for n in ATTRIBUTES if n != "observer"]))
    more = held.copy()
    more[i] = replace(held[i], attributes={**held[i].attributes, name: True})
    before, after = score(SERVICE, held, at(day)), score(SERVICE, more, at(day))
    assert (after.level or 0) >= (before.level or 0)
    assert (before.level is None) or after.state == before.state or after.state > before.state


@MANY
@given(statements(), DAYS)
def test_absence_is_always_confirmed(held: list[Observation], day: float) -> None:
    status = score(SERVICE, held, at(day))
    live = [
        o
        for o in held
        if o.state is State.ABSENT
        and o.observed_at <= at(day)
        and (o.valid_until is None or at(day) < o.valid_until)
    ]
    if status.state is State.ABSENT:
        voices = {(o.source_id, o.attributes.get("observer")) for o in live}
        assert len(voices) >= 2 or any(o.nature is Nature.AGENT for o in live)
    if status.state.level:
        assert any(o.state is not None and o.state.level for o in held)


@MANY
@given(statements())
def test_everything_decays_to_unknown_and_never_to_absent(held: list[Observation]) -> None:
    mortal = [replace(o, valid_until=o.valid_until or at(50)) for o in held]
    assert score(SERVICE, mortal, at(51)).state is State.UNKNOWN


@MANY
@given(statements(), DAYS, st.sampled_from(State), st.integers(0, 30))
def test_a_probe_never_raises_above_its_limit(
    held: list[Observation], day: float, state: State, when: int
) -> None:
    probe = said(state, Nature.PROBE, "new-probe", days=when, attributes=dict.fromkeys(ATTRIBUTES))
    before, after = score(SERVICE, held, at(day)), score(SERVICE, [*held, probe], at(day))
    assert (after.level or 0) <= max(2, before.level or 0)


@MANY
@given(statements(), st.lists(DAYS, min_size=1, max_size=6))
def test_the_timeline_is_the_score_at_every_instant(
    held: list[Observation], days: list[float]
) -> None:
    intervals = timeline(SERVICE, held)
    for left, right in pairwise(intervals):
        assert left.valid_to == right.valid_from
        assert left.status != right.status
    for day in days:
        inside = [
            i
            for i in intervals
            if i.valid_from <= at(day) and (i.valid_to is None or at(day) < i.valid_to)
        ]
        expected = score(SERVICE, held, at(day))
        assert len(inside) == (1 if expected != NEVER_SEEN else len(inside))
        assert (inside[0].status if inside else NEVER_SEEN) == expected


@pytest.mark.parametrize("service", current().services.values(), ids=lambda s: s.id)
def test_levels_are_monotone_in_attributes(service: Service) -> None:
    names = sorted({n for rule in service.rules for n in rule.all_of})
    for size in range(len(names)):
        for held in combinations(names, size):
            level = service.level(dict.fromkeys(held, True)) or 0
            for extra in names:
                assert (service.level(dict.fromkeys((*held, extra), True)) or 0) >= level
