"""The wiring: which modules answer which addresses. Adding a module is adding a line."""

from typing import Any

from tornado.routing import PathMatches, Rule, URLSpec
from tornado.web import Application

from api.dispatch import IndexedApplication
from api.handlers import (
    bulk_files,
    embed_files,
    health,
    page_agent_facts,
    page_commune,
    page_commune_card,
    page_contested,
    page_contribute,
    page_crowd,
    page_delegations,
    page_desk,
    page_distances,
    page_duplicates,
    page_follow,
    page_harvests,
    page_login,
    page_mairie,
    page_map,
    page_moderation,
    page_official,
    page_people,
    page_practice_desk,
    page_practice_form,
    page_practices,
    page_procedure_desk,
    page_procedure_owner,
    page_procedures,
    page_records,
    page_simulators,
    page_site,
    page_sources,
    page_tokens,
    page_voices,
    static_files,
    tile_files,
    v1_atom,
    v1_batches,
    v1_card,
    v1_changes,
    v1_communes,
    v1_documents,
    v1_offices,
    v1_official,
    v1_people,
    v1_practices,
    v1_records,
    v1_simulators,
    v1_status,
    v1_territories,
    v1_voices,
    v1_webhooks,
)
from api.handlers.base import NotFoundApi, NotFoundPage, log_request
from api.ogc import routes as ogc
from api.site import Site

# The first route that matches answers; each module exports ROUTES.
ROUTE_MODULES: tuple[Any, ...] = (
    health,
    static_files,
    embed_files,
    tile_files,
    bulk_files,
    v1_documents,
    v1_status,
    v1_territories,
    v1_communes,
    v1_offices,
    v1_people,
    v1_records,
    v1_simulators,
    v1_batches,
    v1_voices,
    v1_card,
    v1_official,
    v1_practices,
    v1_changes,
    v1_webhooks,
    ogc,
    v1_atom,
    page_site,
    page_sources,
    page_duplicates,
    page_harvests,
    page_commune,
    page_map,
    page_distances,
    page_people,
    page_records,
    page_login,
    page_simulators,
    page_contribute,
    page_follow,
    page_mairie,
    page_tokens,
    page_desk,
    page_delegations,
    page_agent_facts,
    page_commune_card,
    page_contested,
    page_crowd,
    page_moderation,
    page_voices,
    page_procedure_desk,
    page_procedure_owner,
    page_procedures,
    page_official,
    page_practices,
    page_practice_form,
    page_practice_desk,
)


def route_names() -> dict[type, str]:
    """How metrics call what is not a page: a handler by the first template that it answers."""
    names: dict[type, str] = {}
    for route in routes():
        names.setdefault(route.handler_class, getattr(route, "template", route.regex.pattern))
    return names


def routes() -> list[URLSpec]:
    """Every route, in order."""
    return [route for module in ROUTE_MODULES for route in module.ROUTES]


def make_app(site: Site) -> Application:
    """The Tornado application of one process. It opens nothing."""
    rules: list[Rule] = [
        *routes(),
        # What no route knows: the API answers with a problem, the rest with a page.
        Rule(PathMatches(r"/(api|tiles|ids|ogc|data)/.*"), NotFoundApi),
        Rule(PathMatches(r".*"), NotFoundPage),
    ]
    return IndexedApplication(
        rules,
        site=site,
        route_names=route_names(),
        log_function=log_request,
        serve_traceback=False,
        compress_response=False,  # ours: brotli too, and never twice (api.compression)
    )
