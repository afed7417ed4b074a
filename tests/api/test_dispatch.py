"""Routes are found sooner, and are the same as the first that matches."""

import random
import re

import pytest
from tornado.routing import PathMatches, Rule

from api.app import routes
from api.dispatch import Dispatch, keys


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/healthz$", {(1, "/healthz")}),
        ("/fr/commune/(?P<code>[^/]+)$", {(3, "/fr/commune/")}),
        ("/ogc/?$", {(None, "/ogc")}),
        (r"/a\.json$", {(1, "/a.json")}),
        (r"/a\-b+$", {(None, "/a-")}),
        (r"/a\.?$", {(None, "/a")}),
        ("/a|/b$", {(None, "")}),
        ("/(a|b)/c$", {(None, "/")}),
        (".*", {(None, "")}),
        ("/ogc(?:/edr)?/x$", {(2, "/ogc/x"), (3, "/ogc/edr/x")}),
        ("/x/(?P<one>distance-[^/]+)/y$", {(3, "/x/")}),
        ("/x/(?P<path>.+)$", {(None, "/x/")}),
        ("/x/(?P<z>[^/]+)\\.png$", {(2, "/x/")}),
    ],
)
def test_what_is_known_of_the_addresses_of_a_pattern(pattern, expected):
    assert keys(pattern) == expected


def drawn(pattern: str, chance: random.Random) -> str:
    """An address that a route of ours may match."""
    one = chance.choice(["a", "1.2", "é%2F"])
    text = re.sub(r"\(\?:([^()|]*)\)\?", lambda may: may[1] * chance.randrange(2), pattern)
    text = re.sub(r"\(\?:([^()|]*)\|[^()]*\)", r"\1", text)
    text = re.sub(r"\(\?P<\w+>(distance-)?[^()]*\)", lambda slot: f"{slot[1] or ''}{one}", text)
    return text.replace("/?$", "/" * chance.randrange(2)).removesuffix("$").replace("\\", "")


def test_the_same_route_answers_as_when_all_are_tried():
    rules: list[Rule] = [*routes(), Rule(PathMatches(r"/(api|tiles)/.*"), object)]
    rules.append(Rule(PathMatches(r".*"), object))
    dispatch, chance = Dispatch(rules), random.Random(1)
    asked = {drawn(rule.matcher.regex.pattern, chance) for rule in rules[:-2] for _ in range(3)}  # type: ignore[attr-defined]
    asked |= {f"{one}/" for one in asked} | {f"{one}/x" for one in asked}
    asked |= {one[:-1] for one in asked} | {"", "*", "/", "//", "/api/x/y/z", "/nowhere", "/ogc//"}
    reached, tried = set(), 0
    for path in sorted(asked):
        first = next(one for one in rules if one.matcher.regex.match(path))  # type: ignore[attr-defined]
        candidates = dispatch.candidates(path)
        found = next(one for one in candidates if one.matcher.regex.match(path))  # type: ignore[attr-defined]
        assert found is first, path
        reached.add(id(first))
        tried += len(candidates)
    assert len(reached) > 0.9 * len(rules)  # the addresses that were drawn are those of our routes
    assert tried / len(asked) < 12
