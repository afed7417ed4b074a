#!/bin/sh
# Installs a real CKAN 2.12.0 in a throw-away environment and prints its Python:
#   GUICHET_CKAN=$(sh tests/conformance/ckan.sh) make test PYTEST=tests/conformance/test_ckan.py
# The test also needs Debian's redis-server. CKAN's Solr, which no registry serves, is replaced by
# the small search stub of tests/conformance/ckan_search_stub.py.
set -eu
folder="${TMPDIR:-/tmp}/guichet-ckan"
python="${PYTHON:-python3}"
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
"$folder/bin/pip" install --quiet "ckan[requirements]==2.12.0" "setuptools<81" >&2
echo "$folder/bin/python"
