"""Run by QGIS's own Python, not by pytest: read our collections and our tiles, print what was read."""

import json
import sys

from qgis.core import QgsApplication, QgsVectorLayer, QgsVectorTileLayer

base = sys.argv[1]
application = QgsApplication([], False)
application.initQgis()
told = {}
for name in ("communes", "offices"):
    uri = f"url='{base}' typename='{name}' pageSize='17' restrictToRequestBBOX=''"
    layer = QgsVectorLayer(uri, name, "OAPIF")
    assert layer.isValid(), layer.error().summary()
    ids = [feature[0] for feature in layer.getFeatures()]
    told[name] = len(ids)
    if name == "communes":
        told["distinct"] = len({str(one) for one in ids})
style = f"type=xyz&url={base}/tiles/WebMercatorQuad/%7Bz%7D/%7By%7D/%7Bx%7D&zmin=5&zmax=14"
tiles = QgsVectorTileLayer(style, "tiles")
raw = tiles.getRawTile if hasattr(tiles, "getRawTile") else None
told["tiles"] = bool(tiles.isValid())
print(json.dumps(told))
sys.stdout.flush()
application.exitQgis()
