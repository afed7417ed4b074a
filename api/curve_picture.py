"""A curve of a simulator as SVG: an axis, a line, a title and a description for who cannot see."""

from html import escape

from api.formats import Formats
from api.i18n_texts import Texts
from api.simulator_words import Words
from simulators.contract.simulator import Simulator
from simulators.curves import Curve

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 90, 20, 40, 60
TICKS = 5


def draw(found: Curve, simulator: Simulator, language: str, name: str = "") -> bytes:
    """The picture. Points without a value leave a gap, which is never joined.

    `name` goes before the identifiers, for a page that holds other pictures. The classes let a
    page give it its own colours; by itself it is dark on white.
    """
    formats = Formats(language)
    say = Words(Texts(language), formats)
    unit = say.unit(found.unit)
    title = simulator.title.in_language(language)
    variable = simulator.by_name[found.variable].title.in_language(language)
    values = [point.value for point in found.points if point.value is not None]
    low, high = min([0.0, *values]), max([1.0, *values])
    first, last = found.points[0].x, found.points[-1].x
    width = (last - first) or 1.0

    def across(x: float) -> float:
        return LEFT + (x - first) / width * (WIDTH - LEFT - RIGHT)

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'class="curve" aria-labelledby="{name}t {name}d" lang="{language}" '
        f'font-family="sans-serif" font-size="13">',
        f'<title id="{name}t">{escape(title)}</title>',
        f'<desc id="{name}d">{escape(_description(found, variable, formats, unit))}</desc>',
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-weight="bold">{escape(title)} ({escape(unit)})</text>',
    ]
    for step in range(TICKS + 1):
        x, value = first + width * step / TICKS, low + (high - low) * step / TICKS
        parts.append(
            f'<path class="grid" d="M{LEFT} {up(value):.1f}H{WIDTH - RIGHT}" stroke="#ccc"/>'
            f'<text x="{LEFT - 8}" y="{up(value) + 4:.1f}" text-anchor="end">'
            f"{formats.number(value)}</text>"
            f'<text x="{across(x):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">'
            f"{formats.number(x, 1 if width < TICKS else 0)}</text>"
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">'
        f"{escape(variable)} ({escape(say.unit(found.variable_unit))})</text>"
    )
    path, joined = [], False
    for point in found.points:
        if point.value is not None:
            path.append(f"{'L' if joined else 'M'}{across(point.x):.1f} {up(point.value):.1f}")
        joined = point.value is not None
    parts.append(
        f'<path class="line" d="{"".join(path)}" fill="none" stroke="#0b5394" stroke-width="2.5"/>'
    )
    return "".join([*parts, "</svg>\n"]).encode()


def _description(found: Curve, variable: str, formats: Formats, unit: str) -> str:
    ends = [point for point in found.points if point.value is not None]
    if not ends:
        return variable
    first, last = ends[0], ends[-1]
    return (
        f"{variable} {formats.number(first.x)} → {formats.number(last.x)} : "
        f"{formats.number(first.value)} → {formats.number(last.value)} {unit}"
    )
