#!/bin/sh
# build.sh STATIC WORK [AXE]: copy the files of the U.S. Web Design System that the pages use from its npm package
# into the folder STATIC, working in the folder WORK; and axe-core, which tests look at pages with, to the file AXE.
# A second run finds its stamp and does nothing.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
static=$1 work=$2 axe=${3:-}
stamp=$static/.made-of

fingerprint() { { cat "$here/package-lock.json" "$here/build.sh"; echo "$axe"; } | sha256sum; }
is_built() { [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint)" ] && { [ -z "$axe" ] || [ -f "$axe" ]; }; }

is_built && exit 0
echo "[setup] copying the design system's files from npm ..." >&2
# A certificate given to pip is meant for npm as well.
[ -z "${PIP_CERT:-}" ] || export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$PIP_CERT}"
rm -rf "$static" "$work"
mkdir -p "$static/css" "$static/img" "$work"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$work/"
[ -n "$axe" ] || omit=--omit=dev
# A connection that says nothing is given up after half a minute, where npm by itself waits for five.
(cd "$work" && npm ci --fetch-timeout=30000 --fetch-retries=5 --ignore-scripts --no-progress --loglevel=error --cache "$work/cache" ${omit:-} >&2)

# Beside the style sheet, what it names and nothing else: ../fonts/... and ../img/...
from=$work/node_modules/@uswds/uswds/dist
sed 's,/\*# sourceMappingURL.*,,' "$from/css/uswds.min.css" > "$static/css/uswds.css"
grep -oE 'url\("?\.\./[^)"]*' "$static/css/uswds.css" | sed 's,.*\.\./,,' | sort -u > "$work/named"
while read -r name; do
    mkdir -p "$static/$(dirname "$name")"
    cp "$from/$name" "$static/$name"
done < "$work/named"
cp "$from/img/favicons/favicon.png" "$static/img/favicon.png"
[ -z "$axe" ] || { mkdir -p "$(dirname "$axe")"; cp "$work/node_modules/axe-core/axe.min.js" "$axe"; }
rm -rf "$work"
fingerprint > "$stamp"
