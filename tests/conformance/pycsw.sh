#!/bin/sh
# Installs a real pycsw 2.6.2 in a throw-away environment and prints its Python:
#   GUICHET_PYCSW=$(sh tests/conformance/pycsw.sh) make test PYTEST=tests/conformance/test_pycsw.py
set -eu
folder="${TMPDIR:-/tmp}/guichet-pycsw"
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/pip" install --quiet "pycsw==2.6.2" "SQLAlchemy<2" "setuptools<81" >&2
echo "$folder/bin/python"
