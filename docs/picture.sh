#!/usr/bin/env bash
# Makes docs/report.png anew: the first screen of the real HTML report of sample-data, as Chromium draws it.
#   docs/picture.sh [PATH OF THE PROGRAM]      by default target/release/backtrail
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-target/release/backtrail}
for browser in chromium chromium-browser google-chrome; do
    command -v "$browser" > /dev/null && break
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" ingest sample-data --case "$folder/sample.case" > "$folder/said"
# The sample holds false proofs on purpose: 1 is the answer, 2 would be a failure.
"$program" verify "$folder/sample.case" --trust sample-data/trust.toml > "$folder/said" || [ $? -eq 1 ]
"$program" report "$folder/sample.case" --format html -o "$folder/report.html" > "$folder/said"
"$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --window-size=1200,1480 \
    --screenshot="$PWD/docs/report.png" "file://$folder/report.html" 2> "$folder/said"
