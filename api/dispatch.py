"""Which route answers an address, without trying the three hundred others.

Tornado tries each route's regular expression in turn. Ours are letters that stand for themselves
and slots of one segment, so how an address begins and how many segments it has leave a few; the
rest is Tornado's, and the first route that matches still answers.
"""

import re
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.routing import PathMatches, Rule
from tornado.web import Application

_LETTERS = r"(?:[A-Za-z0-9/_~!,;:@%=&-]|\\[./+~-])*"
_BEGINNING = re.compile(_LETTERS)
_OPTIONAL = re.compile(rf"\(\?:({_LETTERS})\)\?")
_SLOT = re.compile(r"\(\?P<\w+>(?:[A-Za-z0-9-]*)\[\^/\]\+\)")
type Key = tuple[int | None, str]  # slashes (None: not known), first letters


def keys(pattern: str) -> set[Key]:
    """What is known of every address that a regular expression matches: one of these holds."""
    if optional := _OPTIONAL.search(pattern):
        before, after = pattern[: optional.start()], pattern[optional.end() :]
        return keys(before + after) | keys(before + optional[1] + after)
    plain = _SLOT.sub("_", pattern.removesuffix("$"))
    whole = _BEGINNING.fullmatch(plain) is not None
    if not whole and "|" in re.sub(r"\([^()]*\)", "", pattern):
        return {(None, "")}  # another branch may begin otherwise
    found = _BEGINNING.match(pattern)
    begins = found[0] if found else ""
    if pattern[len(begins) : len(begins) + 1] in tuple("?*+{"):
        begins = re.sub(r"(?:\\.|[^\\])\Z", "", begins)  # the last letter may not be there
    return {(plain.count("/") if whole else None, begins.replace("\\", ""))}


class Dispatch:
    """The rules of an application by what is known of their addresses."""

    def __init__(self, rules: list[Rule]) -> None:
        self._rules = rules
        known: list[tuple[int, Key]] = []
        for place, rule in enumerate(rules):
            matcher = rule.matcher
            pattern = matcher.regex.pattern if isinstance(matcher, PathMatches) else None
            found = {(None, "")} if pattern is None else keys(pattern)
            known += [(place, key) for key in found]
        counts: set[int | None] = {None, *(slashes for _, (slashes, _) in known)}
        self._by_slashes = {count: _by_length(known, count) for count in counts}

    def candidates(self, path: str) -> list[Rule]:
        """The rules that may match a path, in their order."""
        table = self._by_slashes.get(path.count("/"), self._by_slashes[None])
        found: set[int] = set()
        for length, begins in table:
            found.update(begins.get(path[:length], ()))
        return [self._rules[place] for place in sorted(found)]


type Table = list[tuple[int, dict[str, list[int]]]]


def _by_length(known: list[tuple[int, Key]], slashes: int | None) -> Table:
    """The places of rules by their first letters, for addresses of so many slashes."""
    found: dict[int, dict[str, list[int]]] = {}
    for place, (count, begins) in known:
        if count is None or count == slashes:
            found.setdefault(len(begins), {}).setdefault(begins, []).append(place)
    return sorted(found.items())


class IndexedApplication(Application):
    """Tornado's application, that finds its routes by `Dispatch`."""

    def __init__(self, rules: list[Rule], **settings: Any) -> None:
        super().__init__(rules, **settings)
        self._dispatch = Dispatch(rules)

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        for rule in self._dispatch.candidates(request.path):
            found = rule.matcher.match(request)
            if found is not None:
                return self.get_handler_delegate(
                    request, rule.target, target_kwargs=rule.target_kwargs or None, **found
                )
        return super().find_handler(request, **kwargs)
