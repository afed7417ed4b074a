"""Makes `digital-help.osm.pbf` of real places with osmium-tool (Debian): run by hand, once.

    python tests/mapped/files/make_pbf.py ../shared/data/mednum/data-inclusion_2023-03.json

The places are data.inclusion's (Licence Ouverte 2.0), those whose hours are in OpenStreetMap's own
grammar; the ids are theirs in our file only, as no extract of OpenStreetMap can be had here.
"""

import json
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).parent
MOST = 40


def main(source: Path) -> None:
    listed = [
        one
        for one in json.loads(source.read_text(encoding="utf-8"))
        if (one.get("horaires") or "").startswith("Mo-") and one.get("latitude")
    ][:MOST]
    lines = ["<osm version='0.6' generator='guichet'>"]
    for number, one in enumerate(listed, 1):
        tags = {
            "amenity": "social_facility",
            "name": one["nom"],
            "opening_hours": one["horaires"],
            "addr:street": one.get("adresse"),
            "addr:postcode": one.get("code_postal"),
            "addr:city": one.get("commune"),
            "ref:INSEE": one.get("code_insee"),
        }
        lines.append(
            f"<node id='{number}' version='1' timestamp='2023-03-01T00:00:00Z' changeset='1' "
            f"lat='{one['latitude']}' lon='{one['longitude']}'>"
        )
        lines += [f"<tag k='{k}' v={quoteattr(str(v))}/>" for k, v in tags.items() if v]
        lines.append("</node>")
    text = HERE / "made.osm"
    text.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    target = HERE / "digital-help.osm.pbf"
    subprocess.run(["osmium", "cat", text, "-o", target, "--overwrite"], check=True)
    text.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
