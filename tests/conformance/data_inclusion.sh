#!/bin/sh
# Installs data.inclusion's own schema (v1) in a throw-away environment and prints its Python:
#   GUICHET_DATA_INCLUSION=$(sh tests/conformance/data_inclusion.sh) \
#     make test PYTEST=tests/mapped/test_data_inclusion_schema.py
set -eu
folder="${TMPDIR:-/tmp}/guichet-data-inclusion"
[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/pip" install --quiet "data-inclusion-schema==1.0.10" >&2
echo "$folder/bin/python"
