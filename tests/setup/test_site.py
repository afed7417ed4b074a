"""The real server over the small France: what every browser and HTTP test stands on."""

import json
import urllib.request


def test_the_site_is_ready_and_knows_its_communes(site: str) -> None:
    with urllib.request.urlopen(f"{site}/readyz", timeout=10) as answer:
        assert json.load(answer)["ready"] is True
    with urllib.request.urlopen(f"{site}/api/v1/communes/75101", timeout=10) as answer:
        assert "75056" in answer.read().decode()
