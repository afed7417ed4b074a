#!/bin/sh
# Copies what browsers load from node_modules/ to web/vendor/, each folder in one rename.
set -eu
cd "$(dirname "$0")/.."

take() {
    # $1: name of the folder; the rest: files of node_modules
    name=$1
    shift
    fresh=web/vendor/.$name.new
    rm -rf "$fresh"
    mkdir -p "$fresh"
    for file in "$@"; do cp "node_modules/$file" "$fresh/"; done
    chmod -R a+rX,u+w "$fresh"
    rm -rf "web/vendor/$name"
    mv "$fresh" "web/vendor/$name"
}

take maplibre-gl \
    maplibre-gl/dist/maplibre-gl.mjs \
    maplibre-gl/dist/maplibre-gl-worker.mjs \
    maplibre-gl/dist/maplibre-gl-shared.mjs \
    maplibre-gl/dist/maplibre-gl.css \
    maplibre-gl/LICENSE.txt
take uplot \
    uplot/dist/uPlot.esm.js \
    uplot/dist/uPlot.min.css \
    uplot/LICENSE
