"""Every page's address, in both languages: the one table that routes and links share.

A template never writes a path: `url("commune", code="69123")` looks here, and the language
switch finds the same page under its other name.
"""

import re
from collections.abc import Mapping
from functools import cache
from urllib.parse import quote, quote_plus

LANGUAGES = ("fr", "en")

# name -> (French path, English path). `{code}` is one path segment.
PAGES: Mapping[str, tuple[str, str]] = {
    "home": ("/fr/", "/en/"),
    "map": ("/fr/carte", "/en/map"),
    "map-image": ("/fr/carte.png", "/en/map.png"),
    "map-classes": ("/fr/carte.bin", "/en/map.bin"),
    "map-table": ("/fr/carte.csv", "/en/map.csv"),
    "commune": ("/fr/commune/{code}", "/en/commune/{code}"),
    "territory": ("/fr/territoire/{code}", "/en/territory/{code}"),
    "around-me": ("/fr/autour-de-moi", "/en/around-me"),
    "search": ("/fr/recherche", "/en/search"),
    "services": ("/fr/services", "/en/services"),
    "service": ("/fr/services/{service}", "/en/services/{service}"),
    "compare": ("/fr/comparer", "/en/compare"),
    "method": ("/fr/methode", "/en/method"),
    "sources": ("/fr/sources", "/en/sources"),
    "source": ("/fr/sources/{source}", "/en/sources/{source}"),
    "source-rejects": ("/fr/sources/{source}/rejets.csv", "/en/sources/{source}/rejected.csv"),
    "harvests": ("/fr/admin/moissonnage", "/en/admin/harvests"),
    "harvest-progress": ("/fr/admin/moissonnage/suivi", "/en/admin/harvests/progress"),
    "duplicates": ("/fr/admin/doublons", "/en/admin/duplicates"),
    "duplicates-table": ("/fr/admin/doublons.csv", "/en/admin/duplicates.csv"),
    "duplicate": ("/fr/admin/doublons/{pair}", "/en/admin/duplicates/{pair}"),
    "harvest-run": ("/fr/admin/moissonnage/{run}", "/en/admin/harvests/{run}"),
    "data": ("/fr/donnees", "/en/data"),
    "distances": ("/fr/distances", "/en/distances"),
    "distances-table": ("/fr/distances.csv", "/en/distances.csv"),
    "records": ("/fr/jeux-de-donnees", "/en/datasets"),
    "record": ("/fr/jeux-de-donnees/{record}", "/en/datasets/{record}"),
    "api": ("/fr/api", "/en/api"),
    "help": ("/fr/aide", "/en/help"),
    "accessibility": ("/fr/accessibilite", "/en/accessibility"),
    "privacy": ("/fr/confidentialite", "/en/privacy"),
    "legal": ("/fr/mentions-legales", "/en/legal"),
    "sitemap": ("/fr/plan-du-site", "/en/sitemap"),
    "contribute": ("/fr/contribuer", "/en/contribute"),
    "contribute-worker": ("/fr/contribuer/service-worker.js", "/en/contribute/service-worker.js"),
    "contribute-offline": ("/fr/contribuer/envoi", "/en/contribute/send"),
    "contribute-review": ("/fr/contribuer/relire/{draft}", "/en/contribute/review/{draft}"),
    "contribute-photo": (
        "/fr/contribuer/relire/{draft}/photo",
        "/en/contribute/review/{draft}/photo",
    ),
    "follow": ("/fr/suivi/{token}", "/en/follow/{token}"),
    "follow-export": ("/fr/suivi/{token}/export.json", "/en/follow/{token}/export.json"),
    "follow-photo": ("/fr/suivi/{token}/photo", "/en/follow/{token}/photo"),
    "crowd-policy": ("/fr/contribuer/regles", "/en/contribute/rules"),
    "thanks": ("/fr/grace-a-vous", "/en/thanks-to-you"),
    "register": ("/fr/registre-des-donnees", "/en/data-register"),
    "moderation": ("/fr/moderation", "/en/moderation"),
    "moderation-table": ("/fr/moderation.csv", "/en/moderation.csv"),
    "moderation-journal": ("/fr/moderation/journal", "/en/moderation/log"),
    "moderation-author": ("/fr/moderation/auteur/{voice}", "/en/moderation/author/{voice}"),
    "moderation-held": ("/fr/moderation/mises-a-part", "/en/moderation/set-apart"),
    "moderation-case": ("/fr/moderation/cas/{id}", "/en/moderation/case/{id}"),
    "moderation-photo": ("/fr/moderation/cas/{id}/photo", "/en/moderation/case/{id}/photo"),
    "mairie": ("/fr/mairie/{code}", "/en/town-hall/{code}"),
    "mairie-code": ("/fr/mairie/{code}/code/{request}", "/en/town-hall/{code}/code/{request}"),
    "mairie-link": ("/fr/mairie/{code}/lien/{link}", "/en/town-hall/{code}/link/{link}"),
    "mairie-desk": ("/fr/mairie/{code}/services", "/en/town-hall/{code}/services"),
    "mairie-tokens": ("/fr/mairie/{code}/jetons", "/en/town-hall/{code}/tokens"),
    "mairie-contest": ("/fr/mairie/{code}/contester/{fact}", "/en/town-hall/{code}/contest/{fact}"),
    "mairie-phones": ("/fr/mairie/{code}/telephones", "/en/town-hall/{code}/telephones"),
    "delegations": ("/fr/mairie/{code}/delegations", "/en/town-hall/{code}/delegations"),
    "invitation": ("/fr/delegation/{link}", "/en/delegation/{link}"),
    "agent": ("/fr/agent", "/en/agent"),
    "agent-code": ("/fr/agent/code/{request}", "/en/agent/code/{request}"),
    "agent-export": ("/fr/agent/donnees.json", "/en/agent/data.json"),
    "agent-leave": ("/fr/agent/quitter", "/en/agent/leave"),
    "mail-stop": ("/fr/ne-plus-ecrire/{seal}", "/en/no-more-mails/{seal}"),
    "epci-agent": ("/fr/intercommunalite/{code}", "/en/inter-municipal/{code}"),
    "commune-card": ("/fr/commune/{code}/carte", "/en/commune/{code}/card"),
    "moderation-contests": ("/fr/moderation/contestations", "/en/moderation/contested"),
    "mairie-leave": ("/fr/mairie/{code}/quitter", "/en/town-hall/{code}/leave"),
    "moderation-difficulties": ("/fr/moderation/difficultes", "/en/moderation/difficulties"),
    "official": ("/fr/est-ce-officiel", "/en/is-it-official"),
    "official-spaces": (
        "/fr/commune/{code}/espaces-officiels",
        "/en/commune/{code}/official-spaces",
    ),
    "mairie-official": ("/fr/mairie/{code}/espaces", "/en/town-hall/{code}/spaces"),
    "moderation-official": ("/fr/moderation/espaces", "/en/moderation/spaces"),
    "practices": ("/fr/bonnes-pratiques", "/en/good-practices"),
    "practices-table": ("/fr/bonnes-pratiques.csv", "/en/good-practices.csv"),
    "practice": ("/fr/bonnes-pratiques/{practice}", "/en/good-practices/{practice}"),
    "practice-new": ("/fr/proposer-une-pratique", "/en/share-a-practice"),
    "practice-review": (
        "/fr/proposer-une-pratique/relire/{draft}",
        "/en/share-a-practice/review/{draft}",
    ),
    "practice-owner": (
        "/fr/proposer-une-pratique/suivi/{token}",
        "/en/share-a-practice/follow/{token}",
    ),
    "practice-export": (
        "/fr/proposer-une-pratique/suivi/{token}/export.json",
        "/en/share-a-practice/follow/{token}/export.json",
    ),
    "practice-revise": (
        "/fr/proposer-une-pratique/suivi/{token}/corriger",
        "/en/share-a-practice/follow/{token}/correct",
    ),
    "mairie-practices": ("/fr/mairie/{code}/pratiques", "/en/town-hall/{code}/practices"),
    "moderation-practices": ("/fr/moderation/pratiques", "/en/moderation/practices"),
    "moderation-practice": ("/fr/moderation/pratiques/{id}", "/en/moderation/practices/{id}"),
    "difficulty": ("/fr/difficulte", "/en/difficulty"),
    "difficulty-told": ("/fr/difficulte/{reference}", "/en/difficulty/{reference}"),
    "rate": ("/fr/avis/{procedure}", "/en/rate/{procedure}"),
    "satisfaction": ("/fr/satisfaction", "/en/satisfaction"),
    "satisfaction-table": ("/fr/satisfaction.csv", "/en/satisfaction.csv"),
    "procedures": ("/fr/demarches", "/en/procedures"),
    "procedure": ("/fr/demarches/{procedure}", "/en/procedures/{procedure}"),
    "procedure-code": (
        "/fr/demarches/{procedure}/qr.{format}",
        "/en/procedures/{procedure}/qr.{format}",
    ),
    "procedure-poster": ("/fr/demarches/{procedure}/affiche", "/en/procedures/{procedure}/poster"),
    "procedure-poster-file": (
        "/fr/demarches/{procedure}/affiche.{format}",
        "/en/procedures/{procedure}/poster.{format}",
    ),
    "procedure-owner": ("/fr/demarches/gerer/{token}", "/en/procedures/manage/{token}"),
    "procedure-live": (
        "/fr/demarches/gerer/{token}/direct",
        "/en/procedures/manage/{token}/live",
    ),
    "moderation-procedures": ("/fr/moderation/demarches", "/en/moderation/procedures"),
    "moderation-procedure": (
        "/fr/moderation/demarches/{procedure}",
        "/en/moderation/procedures/{procedure}",
    ),
    "login": ("/fr/connexion", "/en/login"),
    "logout": ("/fr/deconnexion", "/en/logout"),
    "simulators": ("/fr/simulateurs", "/en/simulators"),
    "simulator-method": ("/fr/simulateurs/methode", "/en/simulators/method"),
    "simulator-widget": ("/fr/simulateurs/integrer", "/en/simulators/embed"),
    "simulator": ("/fr/simulateurs/{simulator}", "/en/simulators/{simulator}"),
    "simulator-answer": (
        "/fr/simulateurs/{simulator}/reponses/{answer}",
        "/en/simulators/{simulator}/answers/{answer}",
    ),
}
_SLOT = re.compile(r"\{(\w+)\}")


def template_of(page: str, language: str) -> str:
    """The path template of a page. Raises KeyError for a page that is not in PAGES."""
    return PAGES[page][LANGUAGES.index(language)]


def pattern(template: str) -> str:
    """The regular expression of a path template: each `{slot}` is one non-empty segment."""
    parts = _SLOT.split(template)
    return "".join(
        f"(?P<{part}>[^/]+)" if position % 2 else re.escape(part)
        for position, part in enumerate(parts)
    )


@cache
def slots(template: str) -> tuple[str, ...]:
    return tuple(_SLOT.findall(template))


@cache
def _cut(page: str, language: str) -> tuple[str, tuple[tuple[str, str], ...], frozenset[str]]:
    """A page's template: what comes before the first slot, each slot with what follows, slots."""
    first, *rest = _SLOT.split(template_of(page, language))
    pairs = tuple(zip(rest[::2], rest[1::2], strict=True))
    return first, pairs, frozenset(rest[::2])


# A page writes a hundred addresses, nearly all of plain codes and names: those stay as they are.
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*", re.ASCII)


def _segment(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe="")


def _in_query(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote_plus(text)


def address(page: str, language: str, /, **values: object) -> str:
    """The path and query of a page. Values that are not path slots become the query.

    A value of None is left out, so that templates can pass what they have.
    """
    path, pairs, wanted = _cut(page, language)
    for slot, literal in pairs:
        path += _segment(str(values[slot])) + literal
    query = [
        f"{_in_query(name)}={_in_query(str(value))}"
        for name, value in values.items()
        if name not in wanted and value is not None
    ]
    return f"{path}?{'&'.join(query)}" if query else path
