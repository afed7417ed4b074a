"""Words in the two languages of the hub, and links to the law."""

import msgspec


class Text(msgspec.Struct, frozen=True):
    """The same sentence in French and in English."""

    fr: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.fr


class Law(msgspec.Struct, frozen=True):
    """A legal text: how lawyers cite it, and where it can be read."""

    citation: str
    url: str
