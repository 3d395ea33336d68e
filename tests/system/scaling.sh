#!/usr/bin/env bash
# scaling.sh PROGRAM LAUNCHER RANKS PROJECT: jobs/scaling.sh and jobs/scaling_solvers.sh at tiny sizes: every run is in the CSV,
# which is whole; a study goes on where it stopped; the figure is drawn where gnuplot is.
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

### solvers on given data
rm -rf solvers
awk 'BEGIN { for (i = 0; i < 30; i++) printf "%.6f,%.6f,%.6f\n", sin(i), cos(3 * i), sin(2 * i) }' >data.csv
head -n 5 data.csv >test.csv
cat >case.yaml <<'END'
data: {train: {inputs: "data.csv:1-2", targets: "data.csv:3"}, test: {inputs: "test.csv:1-2"}}
output: {directory: out}
END
solvers() { "$project/jobs/scaling_solvers.sh" -r "$ranks" -k 1 "$@" case.yaml solvers >out.txt 2>&1; }
if solvers -s iterative || ! grep -q 'brackets need noise_variance' out.txt; then fail 'without noise'; fi
solvers -o noise_variance=0.01 || fail 'solvers'
whole solvers/scaling.csv 3 || fail 'solvers/scaling.csv is not whole'
grep -qE "^ +iterative +$ranks +30 " out.txt || fail 'the table of solvers lacks a line'
if command -v gnuplot >/dev/null; then grep -q '</svg>' solvers/scaling.svg || fail 'no figure of solvers'; fi
if solvers -s conjugate || ! grep -q "'conjugate' is none of" out.txt; then fail 'a solver that is none'; fi
