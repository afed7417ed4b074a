#!/bin/sh
# Installs the engines of the simulators, each in an environment of its own: .engines/NAME for
# each setup/engines/NAME.txt. Previous versions stay, so that pinned calls still answer.
# Safe to run again and to interrupt; needs .venv (setup/install.sh), or GUICHET_VENV=folder.
set -eu
cd "$(dirname "$0")/.."
venv=${GUICHET_VENV:-.venv}
mkdir -p .engines
if [ "${GUICHET_ENGINES_LOCKED:-}" != yes ] && command -v flock >/dev/null; then
    GUICHET_ENGINES_LOCKED=yes exec flock -o .engines/.lock "$0"
fi
for requirements in setup/engines/*.txt; do
    folder=".engines/$(basename "$requirements" .txt)"
    wanted=$({ cat "$requirements" setup/engines.sh; pwd -P; } | sha256sum | cut -c1-64)
    # The mark is read by the web process too: engines start when it is there.
    [ "$(cat "$folder/.installed" 2>/dev/null)" != "$wanted" ] || continue
    echo "setup: engine $(basename "$folder")"
    rm -rf "$folder"
    "$venv/bin/python" -m venv --without-pip "$folder"
    "$venv/bin/uv" pip install -q --python "$folder/bin/python" --require-hashes -r "$requirements" || {
        # uv cannot work behind an odd proxy; our own pip can, for another environment too.
        "$venv/bin/python" -m pip --python "$folder/bin/python" install -q \
            --disable-pip-version-check --require-hashes -r "$requirements"
    }
    printf '%s' "$wanted" >"$folder/.installed"
done
