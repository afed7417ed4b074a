#!/bin/sh
# Installs judges that come from npm in a throw-away folder and prints it: the corpus of vector
# tiles of Mapbox, and Spectral, which lints OpenAPI documents.
set -eu
folder="${TMPDIR:-/tmp}/guichet-npm-judges"
mkdir -p "$folder"
[ -f "$folder/package.json" ] || printf '{"name":"judges","private":true}\n' > "$folder/package.json"
[ -x "$folder/node_modules/.bin/spectral" ] && [ -d "$folder/node_modules/@mapbox/mvt-fixtures" ] ||
  npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent \
    "@mapbox/mvt-fixtures@4.0.0" "@stoplight/spectral-cli@6.16.3" >&2
echo "$folder"
