"""The breakdown of a result as SVG: one bar per line, from the numbers of the table beside it."""

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from api.simulator_words import Words
from simulators.contract.results import Line

WIDTH, ROW, BAR = 440, 40, 14
MOST_LETTERS = 46  # of a label; the table has it whole


def draw(lines: Sequence[Line], title: str, words: Words, name: str) -> Markup:
    """The bars of one group. `name` makes the identifiers of this picture its own.

    What is added goes right of the axis, what is taken away left. Labels stand above their bar,
    so that they can be read on a telephone.
    """
    low = min([0.0, *(line.amount for line in lines)])
    high = max([0.0, *(line.amount for line in lines)])
    scale = (WIDTH - 2) / ((high - low) or 1.0)
    zero = 1 - low * scale
    height = ROW * len(lines) + 6
    language = words.language
    told = "; ".join(
        f"{line.label.in_language(language)}: {words.amount(line.amount, line.unit)}"
        for line in lines
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="bars" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-labelledby="{name}-t {name}-d" font-size="13">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(told)}</desc>'
    ]
    for row, line in enumerate(lines):
        top = row * ROW
        size = abs(line.amount) * scale
        left = zero if line.amount >= 0 else zero - size
        label = line.label.in_language(language)
        if len(label) > MOST_LETTERS:
            label = label[: MOST_LETTERS - 1] + "…"
        kind = "plus" if line.amount >= 0 else "minus"
        parts.append(
            f'<text x="0" y="{top + 15}">{escape(label)}</text>'
            f'<text x="{WIDTH}" y="{top + 15}" text-anchor="end" class="amount">'
            f"{escape(words.amount(line.amount, line.unit))}</text>"
            f'<rect class="{kind}" x="{left:.1f}" y="{top + 21}" width="{max(size, 1):.1f}" '
            f'height="{BAR}"/><path d="M{zero:.1f} {top + 19}v{BAR + 4}" stroke="currentColor"/>'
        )
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 (each text of it is escaped above)
