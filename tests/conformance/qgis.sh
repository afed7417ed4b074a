#!/bin/sh
# Installs QGIS of the distribution (about 1 GB with what it needs), for test_map_judges.py. Only a
# person runs it: tests use QGIS when it is there and say so when it is not.
set -eu
apt-get install -y --no-install-recommends python3-qgis
/usr/bin/python3 -c "import qgis.core; print(qgis.core.Qgis.QGIS_VERSION)"
