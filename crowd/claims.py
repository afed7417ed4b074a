"""What a contribution claims: the fields of the form, read strictly, all mistakes at once.

A Claim holds nothing personal: links are without secrets, and free words are kept apart.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from catalog.naming import fold
from catalog.referential import Service
from catalog.states import State
from config.errors import Invalid

LONGEST_URL, LONGEST_COMMENT, LONGEST_NAME = 500, 1000, 60  # characters
HOURS_SERVICE = "opening-hours"
# What may be private in words that a stranger will read: a telephone number, an address of mail,
# the plate of a car. A warning before sending, never a refusal.
_PRIVATE = {
    "phone": re.compile(r"(?<!\d)(?:\+33|0033|0)[ .\-]?[1-9](?:[ .\-]?\d{2}){4}(?!\d)"),
    "email": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
    "plate": re.compile(r"\b[A-Z]{2}[ -]?\d{3}[ -]?[A-Z]{2}\b"),
    "number": re.compile(r"(?<!\d)[12] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3}(?: ?\d{2})?(?!\d)"),
}


class Kind(StrEnum):
    """What people can say, in the order of the form."""

    EXISTS = "exists"
    WRONG = "wrong"
    DEAD_LINK = "dead-link"
    HOURS = "hours"


class Wrong(StrEnum):
    """What is wrong, for Kind.WRONG."""

    ABSENT = "absent"
    ELSEWHERE = "elsewhere"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says of (commune, service). `attributes` are the referential's."""

    kind: Kind
    url: str | None = None
    attributes: tuple[str, ...] = ()
    wrong: Wrong | None = None
    hours: str | None = None

    def stored(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Claim":
        wrong = stored.get("wrong")
        return cls(
            Kind(stored["kind"]),
            stored.get("url"),
            tuple(stored.get("attributes", ())),
            Wrong(wrong) if wrong else None,
            stored.get("hours"),
        )

    @property
    def host(self) -> str | None:
        """The host of the link, without `www.`; None without a link."""
        return host_of(self.url)

    def fact(self, service: Service) -> State | None:
        """The state that this claim says is so; None when it says only what is not so."""
        match self.kind:
            case Kind.EXISTS | Kind.HOURS:
                return service.state(dict.fromkeys(self.attributes, True))
            case Kind.DEAD_LINK if self.url:
                return service.state(dict.fromkeys(self.attributes, True))
            case Kind.WRONG if self.wrong is Wrong.ELSEWHERE:
                return service.state(dict.fromkeys(self.attributes, True))
            case Kind.WRONG if self.wrong is Wrong.ABSENT:
                return State.ABSENT
        return None

    def agrees_with(self, other: "Claim", service: Service) -> bool:
        """Whether two claims say the same thing is so: the same link, or both that it is absent.

        What their authors write besides does not count, and a level is compared by neither.
        """
        mine, theirs = self.fact(service), other.fact(service)
        if mine is None or theirs is None:
            return False
        if State.ABSENT in (mine, theirs):
            return mine == theirs
        return same_page(self.url, other.url) and self.hours == other.hours


def host_of(url: str | None) -> str | None:
    found = urlsplit(url).hostname if url else None
    return found.removeprefix("www.") if found else None


def same_page(one: str | None, other: str | None) -> bool:
    """Whether two links lead to one page, as far as their text tells."""

    def bare(url: str | None) -> tuple[str | None, str, str]:
        parts = urlsplit(url or "")
        return host_of(url), parts.path.rstrip("/"), parts.query

    return bare(one) == bare(other)


def level_one(service: Service) -> tuple[str, ...]:
    """The attributes that prove the first level of a service."""
    first = min(service.rules, key=lambda rule: (rule.level, len(rule.all_of)))
    return tuple(sorted(first.all_of))


def choices(service: Service) -> tuple[str, ...]:
    """The attributes that people may tick: those that prove more than the first level."""
    known = set(level_one(service))
    found: dict[str, None] = {}
    for rule in sorted(service.rules, key=lambda rule: rule.level):
        found.update(dict.fromkeys(sorted(rule.all_of - known)))
    return tuple(found)


def link(text: str) -> str:
    """A link to a public page: http(s), a real host name, no password, no fragment.

    Raises Invalid.
    """
    typed = text.strip()
    if typed and "://" not in typed and re.match(r"[\w-]+(\.[\w-]+)+(/|$)", typed):
        typed = f"https://{typed}"  # what people read on a poster
    try:
        parts = urlsplit(typed)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
    except (ValueError, UnicodeError):
        raise Invalid("not-a-link", parameter="url") from None
    plain = re.fullmatch(
        r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}", host
    )
    spaced = re.search(r"[\s\x00-\x1f\x7f<>\"\\^`{|}]", typed)
    if (
        parts.scheme not in ("http", "https") or not plain or spaced or len(typed) > LONGEST_URL
        or parts.username is not None or parts.password is not None or port not in (None, 80, 443)
    ):  # fmt: skip
        raise Invalid("not-a-link", parameter="url")
    return urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))


@dataclass(frozen=True, slots=True)
class Reading:
    """A form that was read: `mistakes` maps a field to the code of what is wrong with it."""

    claim: Claim | None
    comment: str
    mistakes: Mapping[str, str]


def read(kind: Kind, service: Service, sent: Mapping[str, str]) -> Reading:
    """Read the fields of step 3 for one kind of contribution. Never raises."""
    mistakes: dict[str, str] = {}
    comment = sent.get("comment", "").strip()
    if len(comment) > LONGEST_COMMENT:
        mistakes["comment"] = "too-long"
    url: str | None = None
    if sent.get("url", "").strip():
        try:
            url = link(sent["url"])
        except Invalid:
            mistakes["url"] = "not-a-link"
    ticked = {one for one in sent.get("attributes", "").split("\n") if one}
    attributes = tuple(one for one in choices(service) if one in ticked)
    wrong: Wrong | None = None
    hours: str | None = None
    needs_url = kind is Kind.EXISTS
    if kind is Kind.WRONG:
        try:
            wrong = Wrong(sent.get("wrong", ""))
        except ValueError:
            mistakes["wrong"] = "choose"
        needs_url = wrong is Wrong.ELSEWHERE
        if wrong is Wrong.OTHER and not comment:
            mistakes.setdefault("comment", "say-what")
    if kind is Kind.HOURS:
        hours = " ".join(sent.get("hours", "").split())
        if not hours:
            mistakes["hours"] = "say-what"
        elif len(hours) > 300:
            mistakes["hours"] = "too-long"
    if needs_url and url is None:
        mistakes.setdefault("url", "link-needed")
    if mistakes:
        return Reading(None, comment, mistakes)
    proves = kind in (Kind.EXISTS, Kind.HOURS) or (url is not None and wrong is not Wrong.ABSENT)
    held = (*level_one(service), *attributes) if proves else ()
    if "https" in held and not (url or "").startswith("https://"):
        return Reading(None, comment, {"url": "not-https"})
    return Reading(Claim(kind, url, held, wrong, hours), comment, {})


def private_in(text: str) -> tuple[str, ...]:
    """What seems private in some words: keys of `_PRIVATE`."""
    return tuple(name for name, found in _PRIVATE.items() if found.search(text))


def fingerprint(claim: Claim, comment: str) -> str:
    """Equal for copies of one text, whatever their accents, cases, figures and spaces.

    Without free words, the link alone: the same page for many communes is a copy too.
    """
    said = re.sub(r"[^a-z]+", " ", fold(comment)).strip()
    basis = said if len(said) >= 20 else f"{claim.host}|{urlsplit(claim.url or '').path}|{said}"
    return hashlib.sha256(f"{claim.kind}|{basis}".encode()).hexdigest()[:24]
