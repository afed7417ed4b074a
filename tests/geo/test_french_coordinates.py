"""What published coordinates are: named when they are wrong, converted when they are metres."""

import math

import pytest

from geo import french_crs


@pytest.mark.parametrize(
    ("longitude", "latitude", "departement", "fault"),
    [
        (2.35, 48.85, "75", None),
        (48.85, 2.35, "75", "swapped"),  # B27
        (652000.0, 6862000.0, "75", "lambert-93"),  # B28
        (6862000.0, 652000.0, "75", "lambert-93"),
        (math.nan, 2.0, "75", "not-finite"),
        (math.inf, 2.0, "75", "not-finite"),
        (0.0, 0.0, "75", "elsewhere"),
        (55.45, -20.88, "974", None),  # B30
        (-20.88, 55.45, "974", "swapped"),
        (2.35, 48.85, "974", "elsewhere"),
        (-61.53, 16.24, "971", None),
        (-56.17, 46.78, "975", None),
        (-176.17, -13.28, "986", None),
        (166.45, -22.27, "988", None),
        (8.74, 41.92, "2A", None),
    ],
)
def test_faults_are_named(
    longitude: float, latitude: float, departement: str, fault: str | None
) -> None:
    assert french_crs.fault(longitude, latitude, departement) == fault


@pytest.mark.parametrize(
    ("x", "y", "departement", "expected"),
    # Town halls as IGN gives them in the legal projection, and in degrees.
    [
        (652469.0, 6862035.0, "75", (2.3522, 48.8566)),
        (475198.121680863, 6692424.50691385, "49", (0.02, 47.30)),
        (338946.0, 7690478.0, "974", (55.4504, -20.8789)),
        (655952.0, 1796367.0, "971", (-61.5331, 16.2411)),
    ],
)
def test_legal_projections(
    x: float, y: float, departement: str, expected: tuple[float, float]
) -> None:
    found = french_crs.degrees(x, y, "local", departement)
    assert found == pytest.approx(expected, abs=0.02)


def test_a_pair_that_no_projection_holds_is_infinite_and_no_crash() -> None:
    assert not all(map(math.isfinite, french_crs.degrees(1e300, 1e300, 2154, "75")))
    assert french_crs.fault(*french_crs.degrees(1e300, 1e300, 2154, "75"), "75") == "not-finite"
