"""The numbers of rows, as addresses and forms write them."""


def read(text: str) -> int | None:
    """A positive 63-bit integer, written without a sign; None: no row has such a number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
