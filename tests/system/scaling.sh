#!/usr/bin/env bash
# scaling.sh PROGRAM LAUNCHER RANKS PROJECT: jobs/scaling.sh at tiny sizes: every run is in the CSV, which is whole; a study
# goes on where it stopped; the figure is drawn where gnuplot is.
set -euo pipefail
program=$1 launcher=$2 ranks=$3 project=$4
export WIDELIMIT=$program WIDELIMIT_LAUNCH=$launcher

study() { "$project/jobs/scaling.sh" -r "1 $ranks" -m 20 -k 1 "$@" >out.txt 2>&1; }
fail() {
  cat out.txt
  echo "FAILED: $*"
  exit 1
}

# whole FILE LINES: a head and as many lines, all with as many fields, none empty
whole() {
  awk -F, -v lines="$2" '
    NR == 1 { fields = NF }
    { if (NF != fields) exit bad = 1; for (i = 1; i <= NF; i++) if ($i == "") exit bad = 1 }
    END { exit bad || NR != lines + 1 }' "$1"
}

rm -rf strong weak
study -n "96 128" "$PWD/strong" || fail 'strong scaling'
whole strong/scaling.csv 4 || fail 'strong/scaling.csv is not whole'
grep -qE '^ +'"$ranks"' +128 ' out.txt || fail 'the table lacks a line'
rm "strong/strong-128-$ranks.json"
touch -d '2001-01-01' strong/strong-96-1.json
study -n "96 128" "$PWD/strong" || fail 'going on'
[ "$(date -r strong/strong-96-1.json +%Y)" = 2001 ] || fail 'a run was repeated'
whole strong/scaling.csv 4 || fail 'strong/scaling.csv is not whole after going on'
study -w -n 64 "$PWD/weak" || fail 'weak scaling'
awk -F, -v ranks="$ranks" 'NR == 3 { exit !($1 == "weak" && $3 == ranks && $6 == int(64 * sqrt(ranks) + 0.5)) }' weak/scaling.csv ||
  fail 'n does not grow with the root of the ranks'
if command -v gnuplot >/dev/null; then grep -q '</svg>' weak/scaling.svg || fail 'no figure'; fi
if study -n 0 "$PWD/wrong" || ! grep -q "'0' is no number" out.txt; then fail 'n = 0 is accepted'; fi
