"""Run by QGIS's own Python, not by pytest: read our collections and our tiles, print what was read."""

import json
import os
import sys

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize

base = sys.argv[1]
application = QgsApplication([], False)
application.initQgis()
told = {}
for name in ("communes", "offices"):
    uri = f"url='{base}' typename='{name}' pageSize='17' restrictToRequestBBOX=''"
    layer = QgsVectorLayer(uri, name, "OAPIF")
    assert layer.isValid(), layer.error().summary()
    codes = [feature["code" if name == "communes" else "id"] for feature in layer.getFeatures()]
    told[name] = len(codes)
    told[f"distinct_{name}"] = len(set(codes))
where = f"{base}/tiles/WebMercatorQuad/%7Bz%7D/%7By%7D/%7Bx%7D"
tiles = QgsVectorTileLayer(f"type=xyz&url={where}&zmin=5&zmax=14", "tiles")
assert tiles.isValid()
# Drawn: a layer that loads and shows nothing would be one colour.
settings = QgsMapSettings()
settings.setLayers([tiles])
settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
settings.setExtent(QgsRectangle(450_000, 5_700_000, 600_000, 5_850_000))
settings.setOutputSize(QSize(400, 400))
job = QgsMapRendererSequentialJob(settings)
job.start()
job.waitForFinished()
picture = job.renderedImage()
told["colours"] = len({picture.pixel(x, y) for x in range(0, 400, 3) for y in range(0, 400, 3)})
print(json.dumps(told))
sys.stdout.flush()
os._exit(0)  # its own way out may crash, once all is read and said
