"""Which services a page shows, and how that was seen. Pure.

Precision comes first: what is not certain is not found, and stays unknown. A door counts when its
own words (or those of its heading, when it only says « cliquez ici ») speak of the service, when
it leads to a form, a document or a known editor's door, and when nothing around it says that it is
news, minutes, an advertisement, another commune's, yet to come, or over.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote, urlsplit

from catalog.editors import Editor, editor_of
from catalog.naming import fold
from catalog.states import State
from catalog.web_hosts import SHARED
from harvest.discover.pages import Door, PageSeen
from harvest.discover.words import Subject, lexicon

LEVELS = {"information": 1, "document": 2, "online": 2}  # what a probe may claim, and no more
YEARS = re.compile(r"\b(20[0-4]\d)\b")
MAILBOX = re.compile(r"[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}", re.IGNORECASE)
HOURS = re.compile(
    r"\b(lundis?|mardis?|mercredis?|jeudis?|vendredis?|samedis?|(?:lun|mar|mer|jeu|ven|sam)\b\.?)"
    r"[^.]{0,80}?\d{1,2}\s*(h|:)\s*\d{0,2}",
    re.IGNORECASE,
)
OTHER_PLACE = re.compile(
    r"\b(?:mairie|ville|commune|portail) (?:de |d |du |des |de la |de l )?((?:\w+ ?){1,4})"
)
# The town hall's own box, where it is only written, often so that robots do not take it.
WRITTEN = re.compile(
    r"\b(?:mairie|accueil|contact|secretariat|commune|ville)[\w.+-]{0,40}\s?"
    r"(?:@|\(at\)|\[at\]|\(a\)|\[a\]|\(arobase\)|\[arobase\]|\(@\)|\[@\])\s?"
    r"[a-z0-9-]+(?:\.[a-z0-9-]+){1,3}\b",
    re.IGNORECASE,
)
HALL = re.compile(
    r"\b(horaires? (d ouverture )?(de la |de votre )?mairie|ouverture de la mairie|mairie ouverte|"
    r"horaires d ouverture|accueil de la mairie|ouverture au public|secretariat de mairie|"
    r"(la )?mairie (est|sera) ouverte|(la )?mairie vous accueille|secretariat (est )?ouvert|"
    r"(horaires|ouverture|permanences?) du secretariat|permanences? (de la|en) mairie|"
    r"horaires( d accueil)?|nous contacter|heures d ouverture|jours d ouverture)\b"
)
HALL_NEAR = 320  # characters before the first day
ELSEWHERE = re.compile(
    r"\b(bibliotheque|mediatheque|dechett?erie|agence postale|poste|ecole|piscine|musee|creche|"
    r"office de tourisme|france services|centre de loisirs|garderie|cantine|marche|eglise|"
    r"medical|pharmacie|cimetiere|ludotheque|permanence des elus|conciliateur)\b"
)
SELF_SERVICE = re.compile(
    r"^(e ?demarches?|(mes ?)?demarches?|e ?services?|(mes ?)?services?|familles?|portail\w*|"
    r"guichet\w*|teleservices?|reservations?|resa|inscriptions?|mediatheques?|bibliotheques?|"
    r"(mon ?)?(espace|compte|kiosque)\w*|rdv|rendez ?vous|cantine|periscolaire|enfance|urbanisme|"
    r"gnau|sve|signalements?|opac|usagers?|citoyens?)\b"
)
MONTHS = "janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
EVENT = re.compile(rf"\b\d{{1,2}}(er)? ({MONTHS})\b")
GIVEN = re.compile(
    r"\b(pieces?|fournir|s adresser|se presenter|justificatif\w*|adressez vous|munir|munis?|"
    r"apporter|se renseigner|renseignements?|aupres d\w*|tarifs?|caution|retirer|contacter|"
    r"contactez|telephoner|appeler|appelez|sur rendez vous|sur inscription|horaires|"
    r"(se fait|se font|s effectuent?) (en|a la|au|aupres)|prendre contact|presentez vous)\b"
)
FEWEST_MARKS = 2  # words of information that make a page of them


@dataclass(frozen=True, slots=True)
class Commune:
    """Whose site is read: its names, and the names that are others'. All folded."""

    code: str
    name: str
    own: frozenset[str] = frozenset()  # also its EPCI, its former names
    others: frozenset[str] = frozenset()  # communes around, that its pages may speak of

    @property
    def names(self) -> frozenset[str]:
        return self.own | {self.name}


@dataclass(frozen=True, slots=True)
class Finding:
    """One service seen on one page. `how`: words|editor|data; `kind`: information|document|online
    or, for contacts, email|opening_hours."""

    service: str
    kind: str
    how: str
    page: str
    url: str
    text: str
    editor: str | None = None

    @property
    def level(self) -> int:
        return LEVELS.get(self.kind, 1)

    @property
    def worth(self) -> tuple[int, bool]:
        """Which of two findings of a service is kept: the higher level, then the surer door."""
        return self.level, self.how == "editor"

    @property
    def state(self) -> State:
        return State.of_level(self.level)

    @property
    def attributes(self) -> dict[str, object]:
        """In the referential's words. An online door is seen; its receipt never is."""
        named = {
            "information": ("information_page",),
            "document": ("information_page", "downloadable_form"),
            "online": ("information_page", "online_request"),
        }.get(self.kind, (self.kind,))
        said: dict[str, object] = dict.fromkeys(named, True)
        said["seen_by"] = self.how
        if self.editor:
            said["editor"] = self.editor
        return said


def recognise(page: PageSeen, commune: Commune, today: date) -> list[Finding]:
    """Every service that a page of the commune's own site shows, once for each kind of finding."""
    found = [*_data(page), *_contacts(page)]
    if not (page.news or _about_minutes(page)):
        found += _information(page, today)
        for door in page.doors:
            found += _door(page, door, commune, today)
    best: dict[tuple[str, str], Finding] = {}
    for one in found:
        held = best.get((one.service, one.kind))
        if held is None or one.worth > held.worth:
            best[one.service, one.kind] = one
    return [best[key] for key in sorted(best)]


def wanted(door: Door) -> int:
    """How much a link deserves a visit: what speaks of a service first."""
    said = f"{door.own} {unquote(urlsplit(door.url).path).replace('-', ' ').replace('/', ' ')}"
    score = sum(3 for one in lexicon().subjects if one.titled.find(fold(said)))
    score += (
        2
        if re.search(
            r"\b(demarche\w*|services?|vie pratique|mairie|en ligne|contact)\b", fold(said)
        )
        else 0
    )
    return score if door.place not in ("news", "ad") else score - 5


# ------------------------------------------------------------------------------------- doors


def _door(page: PageSeen, door: Door, commune: Commune, today: date) -> Iterator[Finding]:
    if door.place in ("news", "ad") or door.url.startswith("mailto:") or _refused(door, today):
        return
    editor = editor_of(door.url)
    if editor is not None and editor.national:
        return  # one door for all of France says nothing of this commune
    if _of_another(door, editor, commune):
        return
    kind = _kind(page, door, editor, commune)
    if kind is None:
        return
    services = {one.service for one in _subjects(page, door)}
    how = "words"
    if editor is not None:
        how = "editor"
        services |= set(editor.services)
        if not editor.services and not services:
            return
        if editor.services:  # what the address proves is not widened by words
            services = set(editor.services) | (services & _family(editor))
    text = " ".join(door.text.split())[:200] or door.url
    for service in sorted(services):
        yield Finding(service, kind, how, page.url, door.url, text, editor.id if editor else None)


def _family(editor: Editor) -> set[str]:
    """What a portal for families may also serve, when the words say so."""
    if "canteen" in editor.services:
        return {"school-registration", "nursery"}
    return set(editor.services)


def _kind(page: PageSeen, door: Door, editor: Editor | None, commune: Commune) -> str | None:
    """document, online, or None: a link that only leads on."""
    words = lexicon().general
    if door.file:
        return "document" if _to_fill_in(page, door) else None
    if editor is not None:
        return "online"
    if door.frame:
        return None  # a map, a film: only an editor's frame is a door
    if door.form:
        # A form of contact is one for every purpose: the page must be about the service.
        return "online" if _titled(page, door) else None
    said = door.own if len(door.around) > 260 else f"{door.own} {door.around}"
    if not (words["online"].find(said) or SELF_SERVICE.match(_called(door.url))):
        return None
    if _same_site(page.url, door.url):
        # A page of the same site: what is behind it is seen when it is visited. A door of its own
        # host (`portail.ville.fr`) is another place.
        return "online" if _host(door.url) != _host(page.url) else None
    return "online" if _names_own(door.url, commune) else None


def _to_fill_in(page: PageSeen, door: Door) -> bool:
    """Whether a file is a form, or what the service gives to download; not rules, nor a plan."""
    words = lexicon().general
    own = f"{door.own} {_file(door.url)}"
    said = f"{own} {door.around}" if _generic(door) and len(door.around) <= 300 else own
    if words["form"].find(said):
        return not words["read_only"].find(door.own)
    return any(one.documents.find(own) for one in _subjects(page, door))


def _called(url: str) -> str:
    """The name of a host, without its registered name: `demarches` of `demarches.ville.fr`."""
    host = _host(url).split(".")
    return fold(" ".join(host[: -len(_registered(".".join(host)))]))


def _path(url: str) -> str:
    return fold(re.sub(r"[-_+%./]", " ", unquote(urlsplit(url).path)))


def _subjects(page: PageSeen, door: Door) -> list[Subject]:
    said = f"{door.own} {_file(door.url)}" if door.file else door.own
    if not door.file and SELF_SERVICE.match(_called(door.url)):
        said = f"{said} . {_path(door.url)}"
    found = _matching(said, door.around)
    if found or not (_generic(door) or door.form or door.file or editor_of(door.url)):
        return found
    for text in (door.around, door.headings.split(" . ")[0]):
        if len(text) <= 260 and (found := _matching(text, door.around)):
            return found if len(found) == 1 or door.form else []
    return _titled(page, door)


def _titled(page: PageSeen, door: Door) -> list[Subject]:
    """The one service that the page is about."""
    about = f"{page.heading} . {fold(page.title)}"
    found = [
        one for one in lexicon().subjects
        if one.titled.find(about) and not one.excluded.find(f"{about} {door.own}")
    ]  # fmt: skip
    return found if len(found) == 1 else []


def _matching(text: str, around: str) -> list[Subject]:
    return [
        one for one in lexicon().subjects
        if one.said.find(text) and not one.excluded.find(text)
        and not (len(around) < 200 and one.excluded.find(around))
    ]  # fmt: skip


def _generic(door: Door) -> bool:
    words = lexicon().general
    return (
        bool(words["generic"].find(door.own))
        or len(door.own.split()) <= 2
        or (bool(words["online"].find(door.own)) and not _matching(door.own, ""))
    )


# --------------------------------------------------------------------------------- refusals


def _refused(door: Door, today: date) -> bool:
    """Whether the words say: not yet, no longer, never, minutes, news, an advertisement."""
    words = lexicon().general
    said = f"{door.own} . {door.around}" if len(door.around) <= 350 else door.own
    if any(words[name].find(said) for name in ("future", "past", "never")):
        return True
    own = f"{door.own} {_file(door.url)}"
    if words["minutes"].find(own) or words["ad"].find(own):
        return True
    nearest = door.headings.split(" . ")[0]
    if any(words[name].find(nearest) for name in ("news", "minutes", "past", "never")):
        return True
    return _old(own, today)


def _old(text: str, today: date) -> bool:
    """Only years that are over: « Dossier d'inscription 2019-2020 »."""
    years = [int(year) for year in YEARS.findall(text)]
    return bool(years) and max(years) < today.year - (1 if today.month < 9 else 0)


def _of_another(door: Door, editor: Editor | None, commune: Commune) -> bool:
    """Whether a door is another commune's, by its words or by its address."""
    for found in OTHER_PLACE.finditer(door.own):
        place = found[1].strip()
        if any(place == name or place.startswith(f"{name} ") for name in commune.others):
            return not any(place.startswith(name) for name in commune.names)
    if editor is not None:
        customer = editor.customer(door.url)
        return bool(customer) and _is_other(customer, commune)
    host = fold((urlsplit(door.url).hostname or "").replace(".", " "))
    return _is_other(host, commune) and not _names_own(door.url, commune)


def _is_other(text: str, commune: Commune) -> bool:
    if any(_holds(text, name) for name in commune.names):
        return False
    return any(_holds(text, name) for name in commune.others if len(name) >= 4)


def _holds(text: str, name: str) -> bool:
    return f" {name} " in f" {text} "


def _names_own(url: str, commune: Commune) -> bool:
    """Whether an address says whose it is: the commune, or the body it belongs to."""
    host = fold((urlsplit(url).hostname or "").replace(".", " "))
    joined = host.replace(" ", "")
    return any(
        _holds(host, name) or (len(name) >= 6 and name.replace(" ", "") in joined)
        for name in commune.names
    )


def _about_minutes(page: PageSeen) -> bool:
    words = lexicon().general
    about = f"{page.heading} . {fold(page.title)}"
    return bool(words["minutes"].find(about) or words["news"].find(page.heading))


# ----------------------------------------------------------------- pages, contacts, structured


def _information(page: PageSeen, today: date) -> Iterator[Finding]:
    """A page that is about one service, or a part of one under its own heading, and informs."""
    words = lexicon().general
    pattern = words["information"].pattern
    title = fold(page.title)
    parts = [(page.heading, f"{page.heading} . {title}", page.body, False)]
    parts += [(heading, heading, text, True) for heading, text in page.sections]
    for heading, about, text, part in parts:
        found = [
            one
            for one in lexicon().subjects
            if (one.said if part else one.titled).find(heading) and not one.excluded.find(about)
        ]
        if not found or len(found) > 2 or _old(heading, today) or EVENT.search(heading):
            continue
        start = text[:400]
        if any(words[name].find(heading) for name in ("future", "past", "news", "minutes")) or any(
            words[name].find(start) for name in ("future", "past")
        ):
            continue
        marks = set(pattern.findall(text)) if pattern else set()
        # A few lines under a heading say what to bring, or where to go.
        if not (GIVEN.search(text) if part else len(marks) >= FEWEST_MARKS):
            continue
        shown = heading if part else page.title or heading
        for one in found:
            yield Finding(one.service, "information", "words", page.url, page.url, shown[:200])


def _contacts(page: PageSeen) -> Iterator[Finding]:
    for door in page.doors:
        if door.url.startswith("mailto:") and door.place != "ad":
            address = unquote(door.url.removeprefix("mailto:").split("?")[0])
            if MAILBOX.fullmatch(address) and _of_the_hall(address, door, page):
                yield Finding("contact-email", "email", "words", page.url, page.url, address)
                break
    if found := WRITTEN.search(page.shown):  # in no link: as shown, which nobody may write to
        yield Finding("contact-email", "email", "words", page.url, page.url, found[0])
    if (text := _hall_hours(page)) is not None:
        yield Finding("opening-hours", "opening_hours", "words", page.url, page.url, text[:200])


def _hall_hours(page: PageSeen) -> str | None:
    """Days and hours that are the town hall's: said so just before them, with nobody else between.

    « Horaires » alone is of the town hall where its name is beside it.
    """
    for found in HOURS.finditer(page.shown):
        before = fold(page.shown[max(0, found.start() - HALL_NEAR) : found.start()])
        after = fold(page.shown[found.end() : found.end() + 120])
        said = list(HALL.finditer(before))
        if not said:
            said = list(HALL.finditer(after))
            own = "mairie" in before or "mairie" in after
            between = before[-120:]
        else:
            own = "mairie" in before[max(0, said[-1].start() - 160) :]
            # « Horaires » follows the name of whose they are; « horaires de la mairie » holds it.
            named = 0 if "mairie" in said[-1][0] else 60
            between = before[max(0, said[-1].start() - named) :]
        if said and own and not ELSEWHERE.search(between):
            return found[0]
    return None


def _of_the_hall(address: str, door: Door, page: PageSeen) -> bool:
    """The town hall's own box: said by the box, or by the words beside it."""
    box = fold(address.split("@")[0])
    near = f"{door.around} {door.headings}"
    return bool(re.search(r"\b(mairie|accueil|contact|secretariat|ville|commune)", box)) or (
        "mairie" in near
        and not re.search(r"\b(webmaster|presse|association|club|dpo)\b", f"{box} {near}")
    )


def _data(page: PageSeen) -> Iterator[Finding]:
    """schema.org: opening hours and the address of a town hall, services with a way in."""
    for one in page.data:
        kinds = one.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if {"CityHall", "GovernmentOffice", "TownHall"} & set(map(str, kinds)):
            if one.get("openingHours") or one.get("openingHoursSpecification"):
                text = str(one.get("openingHours") or one.get("openingHoursSpecification"))
                yield Finding(
                    "opening-hours", "opening_hours", "data", page.url, page.url, text[:200]
                )
            email = str(one.get("email") or "").removeprefix("mailto:")
            if MAILBOX.fullmatch(email):
                yield Finding("contact-email", "email", "data", page.url, page.url, email)
        if {"GovernmentService", "Service"} & set(map(str, kinds)):
            yield from _service(page, one)


def _service(page: PageSeen, one: dict[str, object]) -> Iterator[Finding]:
    words = lexicon().general
    said = fold(f"{one.get('name') or ''} {one.get('serviceType') or ''}")
    if any(words[name].find(said) for name in ("future", "past", "never")):
        return
    channel = one.get("availableChannel")
    channels = channel if isinstance(channel, list) else [channel]
    urls: Iterable[str] = (
        str(way.get("serviceUrl"))
        for way in channels
        if isinstance(way, dict) and way.get("serviceUrl")
    )
    url = next(iter(urls), None)
    editor = editor_of(url) if url else None
    if editor is not None and editor.national:
        return
    for subject in _matching(said, ""):
        kind = "online" if url and url.startswith("http") else "information"
        yield Finding(subject.service, kind, "data", page.url, url or page.url,
                      str(one.get("name"))[:200], editor.id if editor else None)  # fmt: skip


# ---------------------------------------------------------------------------------- addresses


def _file(url: str) -> str:
    """The name of a file, as words."""
    return fold(re.sub(r"[-_+%.]", " ", unquote(urlsplit(url).path.rpartition("/")[2])))


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.").lower()


def _same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one registered name: `ville.fr` and `portail.ville.fr`."""
    return _registered(_host(one)) == _registered(_host(other))


def _registered(host: str) -> list[str]:
    return host.split(".")[-3 if host.endswith(SHARED) else -2 :]
