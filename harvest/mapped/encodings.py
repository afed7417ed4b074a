"""Which letters the bytes of a text file mean, decided from the bytes and never guessed softly.

A label is often wrong and bytes seldom are: UTF-8 that decodes is UTF-8, whatever was said; what
does not decode is the Windows code page that French spreadsheets write. Nothing is replaced by
« ? ». Text that was encoded twice is named, and kept as it was published.
"""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from config.errors import Invalid

CHUNK = 1 << 20
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNDEFINED_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
C1 = re.compile(rb"[\x80-\x9f]")
# What UTF-8 read as cp1252 looks like: « Ã‰vreux », « lâ€™Ã‰tat ».
TWICE = re.compile("[ÂÃÅ][\u0080-\u00bf\u0152-\u0178\u2013-\u2122]|â€")


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding that the bytes are in; `note` when it is not the one that was announced."""

    name: str
    note: str | None = None


def detect(file: Path, announced: str | None = None) -> Encoding:
    """The encoding of a text file. Raises Invalid when it is none that is read here."""
    with file.open("rb") as opened:
        head = opened.read(4096)
    for mark, name in MARKS:
        if head.startswith(mark):
            return _noted(name, announced)
    if wide := _without_mark(head):
        return _noted(wide, announced)
    if _decodes(file, "utf-8"):
        return _noted("utf-8", announced)
    return _noted(_single_byte(file, announced), announced)


def _without_mark(head: bytes) -> str | None:
    """UTF-16 without its mark: every second byte of Western text is zero."""
    half = len(head) // 2
    if half >= 4:
        if head[1::2].count(0) > half * 0.7 and head[0::2].count(0) == 0:
            return "utf-16-le"
        if head[0::2].count(0) > half * 0.7 and head[1::2].count(0) == 0:
            return "utf-16-be"
    return None


def _decodes(file: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)("strict")
    with file.open("rb") as opened:
        try:
            while chunk := opened.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _single_byte(file: Path, announced: str | None) -> str:
    """cp1252, whose curly quotes and œ latin-1 has not; latin-1 when no byte tells them apart."""
    told_apart = False
    with file.open("rb") as opened:
        offset = 0
        while chunk := opened.read(CHUNK):
            if wrong := UNDEFINED_IN_CP1252.search(chunk):
                raise Invalid(
                    f"The letters cannot be read: byte {wrong[0].hex()} at {offset + wrong.start()}"
                    " is neither UTF-8 nor Windows-1252."
                )
            told_apart = told_apart or C1.search(chunk) is not None
            offset += len(chunk)
    latin = announced is not None and _name(announced) == "iso8859-1"
    return "iso8859-1" if latin and not told_apart else "cp1252"


def _noted(name: str, announced: str | None) -> Encoding:
    if announced is None or _name(announced) == _name(name):
        return Encoding(name)
    if name == "utf-8-sig" and _name(announced) == "utf-8":
        return Encoding(name)
    return Encoding(name, f"the file is announced as {announced} and is in {name}")


def _name(text: str) -> str:
    try:
        return codecs.lookup(text).name
    except LookupError:
        return text


def twice_encoded(text: str) -> bool:
    """Whether a text was most likely encoded twice: it decodes once more to other letters."""
    if TWICE.search(text) is None:
        return False
    try:
        return text.encode("cp1252").decode("utf-8") != text
    except UnicodeError:
        return "â€" in text
