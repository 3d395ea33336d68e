#!/usr/bin/env bash
# mixed_draws.sh PROGRAM LAUNCHER RANKS COMPARE DIGITS: posterior draws of precision: mixed are those of precision: double, to
# 1e-8 of the largest, with the same shift, and change nothing else that is written. Runs in a folder of its own.
set -uo pipefail
program=$1 launcher=$2 ranks=$3 compare=$4 digits=$5
failures=0
# shellcheck disable=SC2206 # the launcher is a command with an option
launch=($launcher "$ranks")

fail() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  cat log
}

# run FOLDER PRECISION CONFIG SETTING...
run() {
  local folder=$1 precision=$2 config=$3 setting settings=()
  shift 3
  for setting in "$@"; do settings+=(--set "$setting"); done
  rm -rf "$folder"
  "${launch[@]}" "$program" run "$config" --set "precision=$precision" --set "output.directory=$PWD/$folder" \
    "${settings[@]}" >log 2>&1 || fail "$precision precision: $*"
  grep -A1 '"diagonal_shift"' "$folder/summary.json" >"$folder.shift"
}

# agree CONFIG SETTING...
agree() {
  run double double "$@"
  run mixed mixed "$@"
  "$compare" double/results.h5 mixed/results.h5 1e-8 >log 2>&1 || fail "they differ: $*"
  grep -q theta_TT double.shift || fail "no shift: $*"
  cmp double.shift mixed.shift >log 2>&1 || fail "the shifts differ: $*"
}

cat >few.yaml <<'END'
synthetic: {train: 900, test: 70, dimension: 16}
quantities: [ensemble, rnd, bayesian_rnd, ntk_gp, nngp]
END
agree few.yaml sampling.posterior=1500 # two panels
agree few.yaml sampling.posterior=3 output.covariance=true noise_variance=0.1 grid.block=32
# At depth 1 more inputs than test points, or the covariance is singular and draws agree to the root of the shift only.
agree few.yaml sampling.posterior=20 'quantities=[ntk_gp]' synthetic.dimension=100 network.depth=1 noise_variance=0.1 \
  "grid={rows: $ranks, columns: 1}"
agree few.yaml sampling.posterior=20 'quantities=[ntk_gp]' synthetic.test=1 # ranks without a test point
agree few.yaml sampling.posterior=20 synthetic.test=10       # both priors in the same passes, but on 6 ranks
agree "$digits" sampling.posterior=4 output.covariance=true
agree "$digits" sampling.posterior=4 'quantities=[ntk_gp]' noise_variance=0.01 jitter=0.01

# The covariance that is drawn from has δ on its diagonal, the one that is written has not.
run without mixed "$digits" output.covariance=true
run with mixed "$digits" output.covariance=true sampling.posterior=4
"$compare" without/results.h5 with/results.h5 0 >log 2>&1
grep -q '^samples/posterior' log || fail 'there are no draws'
! grep -q differs log || fail 'draws change what is written beside them'
exit $((failures > 0))
