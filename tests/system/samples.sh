#!/usr/bin/env bash
# samples.sh PROGRAM LAUNCHER RANKS CHECKER TOY DIGITS: draws through the program and its files: the same on any rank
# count, longer runs begin with shorter ones, moments as computed; then the certificate and its exit status. Runs in a
# folder of its own.
set -euo pipefail
program=$1 launcher=$2 ranks=$3 checker=$4 toy=$5 digits=$6

# sample FOLDER LAUNCH... -- SETTING...: the toy's draws
sample() {
  local folder=$1
  shift
  local launch=()
  while [ "$1" != -- ]; do
    launch+=("$1")
    shift
  done
  shift
  "${launch[@]}" "$program" run "$toy" --set output.directory="$folder" --set 'output={covariance: false, kernels: false}' \
    --set 'sampling={posterior: 12, ensemble: 9, rnd: 10, bayesian_rnd: 11}' "$@" >"$folder.log" 2>&1 ||
    {
      cat "$folder.log"
      exit 1
    }
}

# status EXPECTED COMMAND...
status() {
  local expected=$1 actual=0
  shift
  "$@" >log 2>&1 || actual=$?
  [ "$actual" = "$expected" ] && return
  cat log
  echo "FAILED: exit status $actual, expected $expected: $*"
  exit 1
}

# shellcheck disable=SC2206 # the launcher is a command with an option
many=($launcher "$ranks")
sample one -- --set grid.block=16
sample all "${many[@]}" -- --set grid.block=16
"$checker" equal one/results.h5 all/results.h5 1e-8
sample turned "${many[@]}" -- --set grid.block=24 --set grid.rows="$ranks" --set grid.columns=1
"$checker" equal one/results.h5 turned/results.h5 1e-8
sample long "${many[@]}" -- --set sampling.posterior=1500 --set sampling.ensemble=1100 --set sampling.rnd=1200 \
  --set sampling.bayesian_rnd=1300
"$checker" equal one/results.h5 long/results.h5 1e-8
"$checker" moments long/results.h5

# with another target network rnd alone changes, and its draws have its variances
other=(--set 'rnd={target: {depth: 2, activation: relu, sigma_w: 1.5, sigma_b: 0.3}}')
sample other "${many[@]}" -- --set sampling.posterior=1500 --set sampling.ensemble=1100 --set sampling.rnd=1200 \
  --set sampling.bayesian_rnd=1300 "${other[@]}"
"$checker" moments other/results.h5
sample other_one -- --set grid.block=16 "${other[@]}"
"$checker" equal other_one/results.h5 other/results.h5 1e-8

certify=("${many[@]}" "$program" certify "$toy" --set output.directory=certified --set certify.replicates=4
  --set certify.heads=16)
status 0 "${certify[@]}"
grep -q '"passed": true' certified/summary.json
grep -q 'the certificate: PASS' log
[ "$(grep -c ' PASS$' log)" = 36 ] # 31 tests, 4 claims, the certificate
status 4 "${certify[@]}" --set certify.sabotage=no_half
grep -q 'RND mean square, all points.*FAIL$' log
grep -Eq '^widelimit: error: the certificate failed in .*rnd_joint' log
grep -q '"sabotage": "no_half"' certified/summary.json
target='rnd={target: {depth: 2, activation: erf, sigma_w: 1.5, sigma_b: 0.1}}'
status 0 "${certify[@]}" --set "$target"
[ "$(grep -c ' PASS$' log)" = 34 ] # two tests compare what need not agree
[ "$(grep -c ' left out .* -$' log)" = 2 ]
grep -q "RND's target is another network: half its squared error need not be" log
grep -q 'rnd has a target network of its own: half of it need not be' log
grep -q '"other_target": true' certified/summary.json
status 4 "${certify[@]}" --set "$target" --set certify.sabotage=own_target
grep -q 'RND mean square, all points.*FAIL$' log
grep -q 'RND covariance by its formula.*FAIL$' log
status 4 "${certify[@]}" --set certify.sabotage=no_noise
grep -q 'head mean square at each point.*FAIL$' log

# a section in the configuration does the same in `run`; no line is wider than the console
[ "$ranks" -le 2 ] || exit 0
status 0 "${many[@]}" "$program" run "$digits" --set output.directory=digits --set certify.replicates=3 \
  --set certify.heads=8
grep -q '^  the certificate: PASS' log
status 0 "${many[@]}" "$program" run "$toy" --set output.directory=empty --set 'certify={}' --set certify.replicates=2
grep -q '^  the certificate: PASS' log
cp "$(dirname "$toy")"/*.csv .
(cat "$toy" && echo 'certify:') >empty.yaml
status 0 "${many[@]}" "$program" run empty.yaml --set output.directory=empty
grep -q '^  certificate   20 replicates of 64 heads' log
if grep -nE '^.{81,}' log; then
  echo 'FAILED: a line is longer than 80 columns'
  exit 1
fi
