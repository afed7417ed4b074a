"""Contact details as directories publish them, each checked by itself before it is believed."""

import re
from urllib.parse import urlsplit

from config.errors import Invalid

EMAIL = re.compile(r"[^@\s,;<>\"']+@[^@\s,;<>\"']+\.[^@\s,;<>\"'.]{2,}")
PHONE = re.compile(r"(?:(?:\+|00)\d{8,15}|0\d{9}|[13]\d{3}|\d{6})")
BETWEEN = re.compile(r"[\s.\-()/]")
HOST = re.compile(r"(?!-)[^\s/@:.]+(\.[^\s/@:.]+)+")


def site(text: str) -> str:
    """A published site as a URL that can be followed. Raises Invalid when it is not one.

    Nothing is repaired: `www.x.fr` may be meant as http or https, and only the publisher knows.
    """
    wrong = Invalid("not the address of a site")
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(host):
        raise wrong
    if parts.username or parts.password or any(c.isspace() or ord(c) < 32 for c in text):
        raise wrong
    return text


def email(text: str) -> str:
    """A published e-mail address. Raises Invalid: pages of forms are published there too."""
    if not EMAIL.fullmatch(text):
        raise Invalid("not an e-mail address")
    return text


def is_phone(text: str) -> bool:
    """Whether a text is one telephone number as France writes them, short ones (3949) included."""
    digits = text.replace(" ", "")
    if not digits.isdigit():
        digits = BETWEEN.sub("", digits)
    return PHONE.fullmatch(digits) is not None
