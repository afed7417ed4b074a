"""The card that a commune puts on its own site, and its data for search engines: both to copy."""

import json
from typing import Any

from api import commune_json_ld
from api.handlers.base import PageHandler, page_routes
from catalog import communes, offices

EMBED = (
    '<script type="module" src="{origin}/embed/carte-commune.js"></script>\n'
    '<guichet-commune code="{code}" lang="{lang}">'
    '<a href="{page}">{text}</a></guichet-commune>'
)
LINKED = '<script type="application/ld+json">\n{json}\n</script>'


class CommuneCard(PageHandler):
    """Works without scripts: the codes are text to select; a script adds buttons that copy."""

    async def get(self, code: str) -> None:
        async with self.connection() as conn:
            commune = (await communes.resolve(conn, code)).commune
            around = await offices.of_commune(conn, commune.number, self.now)
        page = self.origin + self.url("commune", code=commune.code)
        data = commune_json_ld.made(commune, around, self.origin, self.language)
        # `</script>` in a value would end the element on the commune's page.
        text = json.dumps(data, ensure_ascii=False, indent=1).replace("<", "\\u003c")
        self.render_page(
            "commune_card.html",
            commune=commune,
            embed=EMBED.format(
                origin=self.origin, code=commune.code, lang=self.language, page=page,
                text=self.t("card.fallback", name=_plain(commune.name)),
            ),
            linked=LINKED.format(json=text),
            policy=f"script-src {self.origin}; connect-src {self.origin}",
        )  # fmt: skip


def _plain(name: str) -> str:
    """A name as it can stand in the markup that people copy."""
    return name.replace("&", "&amp;").replace("<", "&lt;")


ROUTES: list[Any] = page_routes("commune-card", CommuneCard)
