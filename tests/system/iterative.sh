#!/usr/bin/env bash
# iterative.sh PROGRAM LAUNCHER RANKS CHECK_BRACKETS DIGITS: what solver.method: cholesky gives lies in every bracket
# of solver.method: iterative, however few the passes; what the latter cannot do is refused by name. Runs in a folder of its own.
set -uo pipefail
program=$1 launcher=$2 ranks=$3 check_brackets=$4 digits=$5
failures=0
# shellcheck disable=SC2206 # the launcher is a command with an option
launch=($launcher "$ranks")

fail() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  sed 's/^/  | /' log
}

cat >small.yaml <<'YAML'
seed: 3
synthetic: {train: 300, test: 40, dimension: 8}
network: {depth: 3, activation: relu, sigma_w: 1.4, sigma_b: 0.2}
noise_variance: 0.01
YAML

# run METHOD CONFIG SETTING...
run() {
  local method=$1 config=$2 setting settings=()
  shift 2
  for setting in "$@"; do settings+=(--set "$setting"); done
  rm -rf "$method"
  "${launch[@]}" "$program" run "$config" --set "solver.method=$method" --set "output.directory=$PWD/$method" \
    "${settings[@]}" >log 2>&1
}

# inside SOLVER CONFIG SETTING...: a run with these solver settings has brackets around what the factors give.
inside() {
  local solver=$1 setting more=()
  shift
  for setting in $solver; do more+=("solver.$setting"); done
  run cholesky "$@" || fail "cholesky: $*"
  run iterative "$@" "${more[@]}" || fail "iterative: $*"
  "$check_brackets" cholesky/results.h5 iterative/results.h5 1e-11 >brackets 2>outside ||
    fail "outside: $solver $*: $(cat brackets outside)"
  grep -q '"widest_over_tolerance"' iterative/summary.json || fail "the summary does not say how wide they are"
}

# refused PATTERN SETTING...
refused() {
  local pattern=$1
  shift
  run iterative small.yaml "$@"
  [ $? = 2 ] || fail "status is not 2: $*"
  grep -Eq "^widelimit: error: .*solver.*$pattern" log || fail "the message does not name $pattern: $*"
  [ -z "$(find iterative -type f 2>/dev/null)" ] || fail "results are left: $*"
}

inside '' small.yaml
grep -q '"within_tolerance": true' iterative/summary.json || fail "tolerance was not reached"
grep -q 'warning' log && fail "a warning without reason"
inside 'passes=3 rank=50' small.yaml noise_variance=1e-4
grep -q '"within_tolerance": false' iterative/summary.json || fail "three passes cannot do"
grep -q 'warning: brackets are up to' log || fail "no warning of wide brackets"
inside 'rank=300' small.yaml network.activation=erf network.depth=6 'quantities=[nngp]' jitter=0.001
inside 'rank=1 passes=20' small.yaml 'quantities=[ensemble]' "grid={rows: $ranks, columns: 1}"
inside 'tolerance=1e-3' "$digits" noise_variance=0.1
inside '' small.yaml synthetic.test=600 # three batches

refused 'noise_variance' noise_variance=0
refused 'precision' precision=mixed
refused 'sampling' sampling.posterior=3
refused 'certify' 'certify={}'
refused 'loo' loo=true
refused 'rnd.target' 'rnd={target: {depth: 2, activation: relu, sigma_w: 1, sigma_b: 0}}'
refused 'factor.save' factor.save=f.h5
refused 'checkpoint.directory' checkpoint.directory=c
refused 'output.covariance' output.covariance=true
refused 'output.kernels' output.kernels=true
refused 'passes' solver.passes=1
refused 'tolerance' solver.tolerance=0
run cholesky small.yaml solver.rank=7
[ $? = 2 ] || fail "a rank without use is not refused"

if [ "$failures" -gt 0 ]; then
  echo "repeat: $0 $*"
  exit 1
fi
