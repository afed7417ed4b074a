#!/bin/sh
# Installs what Guichet needs, and only what is missing. Safe to run again and to interrupt.
#
#   setup/install.sh demo   PostgreSQL + PostGIS, Python environment, browser libraries
#   setup/install.sh test   the same, a real browser and the test tools
#
# What it makes in this folder: .venv/, .engines/, node_modules/, web/vendor/. What it adds to the system:
# Debian/Ubuntu packages, named before they are installed, and nothing when all are there.
set -eu
mode=${1:-demo}
case $mode in demo | test) ;; *) echo "usage: setup/install.sh [demo|test]" >&2; exit 2 ;; esac
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
fingerprint() { cat "$@" | sha256sum | cut -c1-64; }

# One set-up at a time in this folder: `make demo` and `make test` may be typed together.
if [ "${GUICHET_SETUP_LOCKED:-}" != yes ] && command -v flock >/dev/null; then
    GUICHET_SETUP_LOCKED=yes exec flock -o .setup.lock "$0" "$mode"
fi

# ------------------------------------------------------------------ system packages

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "packages are missing ($missing${postgis:+ PostgreSQL with PostGIS}) and neither root nor sudo is here: install them, then run this again"
    fi
}

postgis_is_here() {
    for folder in /usr/lib/postgresql/*/bin; do
        version=$(basename "$(dirname "$folder")")
        if [ -x "$folder/initdb" ] && [ -f "/usr/share/postgresql/$version/extension/postgis.control" ]; then
            return 0
        fi
    done
    return 1
}

browser_is_here() {
    for name in "${GUICHET_BROWSER:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        if [ -n "$name" ] && command -v "$name" >/dev/null; then return 0; fi
    done
    return 1
}

good_python() {
    # $1: a program, $2: the version wanted
    "$1" -c "import sys, ssl, venv, ensurepip; sys.exit(sys.version_info[:2] != ($2))" 2>/dev/null
}

find_python() {
    for version in 13 12; do
        for candidate in "python3.$version" python3 python \
            "$HOME"/.pyenv/versions/3."$version".*/bin/python /usr/local/bin/python3."$version"; do
            if command -v "$candidate" >/dev/null && good_python "$candidate" "3, $version"; then
                command -v "$candidate"
                return 0
            fi
        done
    done
    return 1
}

missing=
postgis=
if [ -z "${GUICHET_DATABASE_URL:-}" ] || [ "$mode" = test ]; then
    postgis_is_here || postgis=missing
fi
command -v npm >/dev/null || missing="$missing nodejs npm"
if [ "$mode" = test ]; then
    browser_is_here || missing="$missing chromium"
    command -v ogr2ogr >/dev/null || missing="$missing gdal-bin"
    [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || missing="$missing fonts-dejavu-core"
fi
if ! find_python >/dev/null && command -v apt-cache >/dev/null; then
    # The system's own Python may be recent enough and only lack venv.
    missing="$missing python3 python3-venv"
fi

# Which PostgreSQL: the newest that is installed, else the one that this system prefers.
postgresql_version() {
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        [ ! -x "$initdb" ] || basename "$(dirname "$(dirname "$initdb")")"
    done | sort -n | tail -n 1 | grep . ||
        apt-cache depends postgresql 2>/dev/null |
        sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1
}

if [ -n "$missing$postgis" ]; then
    command -v apt-get >/dev/null ||
        fail "this machine has no apt: install by hand PostgreSQL with PostGIS 3, Python 3.12 or 3.13, npm and, for tests, Chromium; then run this again"
    say "asking apt for its lists"
    as_root apt-get update -qq
    if [ -n "$postgis" ]; then
        version=$(postgresql_version)
        [ -n "$version" ] || fail "apt knows no package postgresql: is this Debian or Ubuntu, with 'main' (or 'universe') enabled?"
        missing="$missing postgresql-$version postgresql-$version-postgis-3"
        # Debian starts a cluster on port 5432 when it installs PostgreSQL. We use our own, so
        # where PostgreSQL was never installed we say no; what exists is left alone.
        if [ ! -e /etc/postgresql-common ]; then
            as_root mkdir -p /etc/postgresql-common
            echo "create_main_cluster = false" |
                as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
        fi
    fi
    case $missing in *chromium*)
        # Ubuntu's chromium is a snap, which neither containers nor root can run.
        if grep -qs '^ID=ubuntu' /etc/os-release; then
            missing=$(echo "$missing" | sed 's/ chromium//')
            say "Ubuntu has Chromium only as a snap: install Google Chrome or Chromium, or set GUICHET_BROWSER, to run the browser tests"
        fi
        ;;
    esac
    if [ -n "$missing" ]; then
        say "installing:$missing"
        # shellcheck disable=SC2086  # a list of names
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            -o Dpkg::Options::=--force-confold $missing ca-certificates >.setup.log 2>&1 || {
            tail -n 20 .setup.log >&2
            fail "apt could not install:$missing (its last words are above, the rest in .setup.log)"
        }
    fi
fi

# --------------------------------------------------------------- Python environment

# What tests need holds what the demo needs: either mark will do for the demo.
python_fingerprint() {
    fingerprint "$1" setup/requirements-uv.txt pyproject.toml setup/install.sh
    pwd -P
}
marked() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

requirements=requirements.txt
[ "$mode" = demo ] || requirements=requirements-dev.txt
mark=".venv/.installed-$mode"
wanted=$(python_fingerprint "$requirements")

# A virtual environment does not survive being moved, nor its Python being removed.
if [ -d .venv ] && ! .venv/bin/python -c "import sys; sys.exit(sys.prefix != '$(pwd -P)/.venv')" 2>/dev/null; then
    rm -rf .venv
fi
if ! marked "$mark" "$wanted" && {
    [ "$mode" = test ] || ! marked .venv/.installed-test "$(python_fingerprint requirements-dev.txt)"
}; then
    if [ ! -d .venv ]; then
        if python=$(find_python); then
            say "Python: $python"
            "$python" -m venv .venv
        else
            # Older system: any Python 3.8+ can run uv, which fetches a current one.
            say "no Python 3.12 or 3.13 here: fetching one"
            python3 -m venv .setup-venv &&
                .setup-venv/bin/python -m pip install -q --require-hashes -r setup/requirements-uv.txt &&
                .setup-venv/bin/uv venv -q --seed --python 3.13 --managed-python .venv ||
                fail "no Python 3.12 or 3.13 was found nor could be fetched: install one (package python3.13, or pyenv), then run this again"
            rm -rf .setup-venv
        fi
    fi
    say "Python packages: $requirements"
    [ -x .venv/bin/uv ] ||
        .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r setup/requirements-uv.txt
    # uv is several times faster; where it cannot work (an odd proxy), pip does the same.
    .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r "$requirements" ||
        .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$requirements"
    .venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation --no-index -e .
    printf '%s' "$wanted" >"$mark"
fi

# ---------------------------------------------------------------- browser libraries

mark="node_modules/.guichet-$mode"
wanted=$(fingerprint package-lock.json setup/vendor.sh)
if { ! marked "$mark" "$wanted" && ! marked node_modules/.guichet-test "$wanted"; } || [ ! -d web/vendor/maplibre-gl ] || [ ! -d web/vendor/uplot ]; then
    say "browser libraries"
    omit=
    [ "$mode" = test ] || omit=--omit=dev
    rm -f node_modules/.guichet-*
    # No script of a package is run. npm checks each file against the lock's sha512.
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error $omit
    sh setup/vendor.sh
    printf '%s' "$wanted" >"$mark"
fi
# -------------------------------------------------------------- simulators' engines

# The map does not wait for them: the demo installs them behind it, and the simulators say that
# they are starting until then.
if [ "$mode" = test ]; then
    setup/engines.sh
    # mon-entreprise's model, which hiring costs are compared with.
    theirs=tests/simulators/modele_social
    wanted=$(fingerprint "$theirs/package-lock.json")
    if ! marked "$theirs/node_modules/.guichet" "$wanted"; then
        say "modele-social"
        npm ci --prefix "$theirs" --ignore-scripts --no-audit --no-fund --loglevel=error
        printf '%s' "$wanted" >"$theirs/node_modules/.guichet"
    fi
else
    mkdir -p .engines
    nohup setup/engines.sh >.engines/install.log 2>&1 </dev/null &
fi
say "ready for $mode"
