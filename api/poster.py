"""The poster of a counter: one A4 page with a QR code, as SVG and as PDF, without any library.

The PDF uses Helvetica, which every reader has: its widths are Adobe's (AFM), so that lines are
broken and centred as they are drawn. The text is text: it can be searched, read aloud and copied.
"""

import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import segno

WIDTH, HEIGHT, MARGIN = 595, 842, 56  # points: A4, and 2 cm
_QR = 300  # points: read from two metres
# Widths of Helvetica from the space on, in thousandths of its size.
_ASCII = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_OTHERS = {"œ": 944, "Œ": 1000, "æ": 889, "Æ": 1000, "’": 222, "‘": 222, "—": 1000, "…": 1000}


@dataclass(frozen=True, slots=True)
class Poster:
    """What a poster says. `code` is what the QR code holds, `shown` what one types instead."""

    title: str
    name: str
    counter: str
    text: str
    code: str
    shown: str
    language: str


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float
    y: float  # of its feet, from the top
    heavy: bool


def width(text: str, size: float) -> float:
    """How wide Helvetica draws a text, in points."""
    total = 0
    for letter in text:
        base = unicodedata.normalize("NFD", letter)[0]
        place = ord(base) - 32
        total += _OTHERS.get(letter) or (_ASCII[place] if 0 <= place < len(_ASCII) else 556)
    return total * size / 1000


def wrapped(text: str, size: float, most: float) -> list[str]:
    """The text in lines no wider than `most`; a word that is wider is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        while width(word, size) > most:
            cut = next(n for n in range(len(word), 0, -1) if width(word[:n], size) <= most)
            if line:
                lines.append(line)
                line = ""
            lines.append(word[:cut])
            word = word[cut:]
        longer = f"{line} {word}".strip()
        if width(longer, size) <= most:
            line = longer
        else:
            lines.append(line)
            line = word
    return [*lines, line] if line else lines


def _lines(poster: Poster) -> tuple[list[_Line], float]:
    """Every line of the page, and how far from its top the code begins."""
    lines: list[_Line] = []
    y = float(MARGIN)

    def put(text: str, size: float, after: float, *, heavy: bool = False, most: int = 4) -> None:
        nonlocal y
        for one in wrapped(text, size, WIDTH - 2 * MARGIN)[:most]:
            y += size * 1.2
            lines.append(_Line(one, size, y, heavy))
        y += after

    put(poster.title, 38, 14, heavy=True, most=2)
    put(poster.name, 22, 6, most=3)
    put(poster.counter, 18, 6, most=2)
    code = y = y + 12
    y += _QR + 24
    put(poster.text, 16, 14)
    put(poster.shown, 14, 0, heavy=True)
    return lines, code


def _modules(poster: Poster) -> tuple[list[tuple[int, int, int]], float]:
    """The dark runs of the code (column, row, length), and the side of a module in points."""
    made = segno.make(poster.code, error="m", micro=False)
    runs: list[tuple[int, int, int]] = []
    for row, cells in enumerate(made.matrix):
        runs.extend((column, row, length) for column, length in _dark(cells))
    return runs, _QR / (len(made.matrix) + 8)


def _dark(cells: bytearray) -> Iterator[tuple[int, int]]:
    start = None
    for place, cell in enumerate([*cells, 0]):
        if cell and start is None:
            start = place
        elif not cell and start is not None:
            yield start, place - start
            start = None


def svg(poster: Poster) -> bytes:
    lines, top = _lines(poster)
    runs, side = _modules(poster)
    left = (WIDTH - _QR) / 2
    path = "".join(f"M{c + 4} {r + 4}h{n}v1h-{n}z" for c, r, n in runs)
    text = "".join(
        f'<text x="{WIDTH / 2}" y="{line.y:.1f}" font-size="{line.size:g}"'
        f"{' font-weight="bold"' if line.heavy else ''}>{escape(line.text)}</text>"
        for line in lines
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" lang="{poster.language}" role="img">'
        f"<title>{escape(poster.title)} – {escape(poster.name)}</title>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        '<g font-family="Helvetica,Arial,sans-serif" text-anchor="middle" fill="#1b1f24">'
        f"{text}</g>"
        f'<path transform="translate({left:g} {top:.1f}) scale({side:.4f})" d="{path}"/>'
        "</svg>"
    ).encode()


def _shown(text: str) -> bytes:
    """A text as a PDF string in WinAnsi; what that has not is a question mark."""
    plain = unicodedata.normalize("NFC", text).replace("\u202f", "\u00a0")
    data = plain.encode("cp1252", "replace")
    return b"(" + data.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)") + b")"


def pdf(poster: Poster) -> bytes:
    """One page of PDF 1.4."""
    lines, top = _lines(poster)
    runs, side = _modules(poster)
    left = (WIDTH - _QR) / 2
    drawn = [b"0.106 0.122 0.141 rg 0.106 0.122 0.141 RG"]
    for line in lines:
        x = (WIDTH - width(line.text, line.size)) / 2
        weight = b"2 Tr %.2f w" % (line.size * 0.025) if line.heavy else b"0 Tr"
        drawn.append(
            b"BT /F1 %g Tf %s %.2f %.2f Td %s Tj ET"
            % (line.size, weight, x, HEIGHT - line.y, _shown(line.text))
        )
    drawn.append(b"0 g")
    drawn += [
        b"%.3f %.3f %.3f %.3f re"
        % (left + (c + 4) * side, HEIGHT - top - (r + 5) * side, n * side, side)
        for c, r, n in runs
    ]
    drawn.append(b"f")
    content = zlib.compress(b"\n".join(drawn))
    lang = poster.language.encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (%s) "
        b"/ViewerPreferences << /DisplayDocTitle true >> >>" % lang,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>" % (WIDTH, HEIGHT),
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title %s /Creator (Guichet) >>" % _shown(f"{poster.title} - {poster.name}"),
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, table,
    )  # fmt: skip
    return bytes(out)
