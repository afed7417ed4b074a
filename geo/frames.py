"""The drawing windows of the country view: one projection and one pixel grid each.

Bounds are in the frame's own projection (metres) and were taken from the communes' geometries
of the 2026 vintage (34,867 outlines, all inside), with a margin; a test holds the extremes of
each territory inside its frame. At these sizes all but 4 communes own a pixel.
Territories that the commune sources do not cover are listed too: the map says so by name.
"""

from dataclasses import dataclass

from config.errors import NotFound


@dataclass(frozen=True, slots=True)
class Frame:
    """A window: `bounds` are west, south, east, north in metres of `epsg`; size in pixels."""

    id: str
    name_fr: str
    name_en: str
    departements: tuple[str, ...]  # empty: every département that no other frame holds
    epsg: int
    bounds: tuple[float, float, float, float]
    width: int

    @property
    def height(self) -> int:
        """Pixels: square pixels, so the height follows from the width."""
        west, south, east, north = self.bounds
        return round(self.width * (north - south) / (east - west))

    def name(self, language: str) -> str:
        return self.name_en if language == "en" else self.name_fr

    def pixel_of(self, x: float, y: float) -> tuple[int, int]:
        """Column and row of a point given in the frame's projection (may be outside)."""
        west, south, east, north = self.bounds
        column = int((x - west) / (east - west) * self.width)
        row = int((north - y) / (north - south) * self.height)
        return column, row


METROPOLE = Frame(
    "metropole", "France métropolitaine", "Metropolitan France", (), 2154,
    (90_000.0, 6_040_000.0, 1_250_000.0, 7_120_000.0), 1000,
)  # fmt: skip
OVERSEAS = (
    Frame("guadeloupe", "Guadeloupe", "Guadeloupe", ("971",), 5490,
          (618_000.0, 1_750_000.0, 717_000.0, 1_832_000.0), 200),
    Frame("martinique", "Martinique", "Martinique", ("972",), 5490,
          (686_000.0, 1_588_000.0, 741_000.0, 1_649_000.0), 160),
    Frame("guyane", "Guyane", "French Guiana", ("973",), 2972,
          (60_000.0, 230_000.0, 440_000.0, 645_000.0), 170),
    Frame("la-reunion", "La Réunion", "Réunion", ("974",), 2975,
          (311_000.0, 7_632_000.0, 383_000.0, 7_694_000.0), 180),
    Frame("mayotte", "Mayotte", "Mayotte", ("976",), 4471,
          (498_000.0, 8_558_000.0, 534_000.0, 8_606_000.0), 150),
)  # fmt: skip
FRAMES: tuple[Frame, ...] = (METROPOLE, *OVERSEAS)

# (code, French name, English name): no commune of theirs is in our sources.
WITHOUT_DATA = (
    ("975", "Saint-Pierre-et-Miquelon", "Saint Pierre and Miquelon"),
    ("977", "Saint-Barthélemy", "Saint Barthélemy"),
    ("978", "Saint-Martin", "Saint Martin"),
    ("986", "Wallis-et-Futuna", "Wallis and Futuna"),
    ("987", "Polynésie française", "French Polynesia"),
    ("988", "Nouvelle-Calédonie", "New Caledonia"),
)


def frame_of(departement_code: str) -> Frame:
    """The frame that draws a département. Raises NotFound for territories without data."""
    for frame in OVERSEAS:
        if departement_code in frame.departements:
            return frame
    if departement_code.startswith(("97", "98")):
        raise NotFound(f"No map frame draws {departement_code!r}: we hold no commune there.")
    return METROPOLE


def frame_by_id(identifier: str) -> Frame:
    """Raises NotFound listing the frames."""
    for frame in FRAMES:
        if frame.id == identifier:
            return frame
    known = ", ".join(frame.id for frame in FRAMES)
    raise NotFound(f"There is no map frame {identifier!r}; these exist: {known}.")
