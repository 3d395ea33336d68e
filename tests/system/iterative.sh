#!/usr/bin/env bash
# iterative.sh PROGRAM LAUNCHER RANKS CHECK_BRACKETS DIGITS: what solver.method: cholesky gives lies in every bracket
# of solver.method: iterative, however few the passes; what the latter cannot do is refused by name. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
check_brackets=$4 digits=$5

cat >small.yaml <<'YAML'
seed: 3
synthetic: {train: 300, test: 40, dimension: 8}
network: {depth: 3, activation: relu, sigma_w: 1.4, sigma_b: 0.2}
noise_variance: 0.01
YAML

# run METHOD CONFIG SETTING...
run() { run_into "$1" "$2" "solver.method=$1" "${@:3}"; }

# inside SOLVER CONFIG SETTING...: a run with these solver settings has brackets around what the factors give.
inside() {
  local solver=$1 setting more=()
  shift
  for setting in $solver; do more+=("solver.$setting"); done
  run cholesky "$@" || failed "cholesky: $*"
  run iterative "$@" "${more[@]}" || failed "iterative: $*"
  "$check_brackets" cholesky/results.h5 iterative/results.h5 1e-11 >brackets 2>outside ||
    failed "outside: $solver $*: $(cat brackets outside)"
  grep -q '"widest_over_tolerance"' iterative/summary.json || failed "the summary does not say how wide they are"
}

# refused PATTERN SETTING...
refused() {
  local pattern=$1
  shift
  run iterative small.yaml "$@"
  [ $? = 2 ] || failed "status is not 2: $*"
  grep -Eq "^widelimit: error: .*solver.*$pattern" log || failed "the message does not name $pattern: $*"
  [ -z "$(find iterative -type f 2>/dev/null)" ] || failed "results are left: $*"
}

inside '' small.yaml
grep -q '"within_tolerance": true' iterative/summary.json || failed "tolerance was not reached"
awk '{ exit !($3 > 0 && $3 < 1e-4) }' brackets || failed "wide brackets: $(cat brackets)" # of the largest entry; not of the prior's
grep -q 'warning' log && failed "a warning without reason"
inside 'passes=3 rank=50' small.yaml noise_variance=1e-4
grep -q '"within_tolerance": false' iterative/summary.json || failed "three passes cannot do"
grep -q 'warning: brackets are up to' log || failed "no warning of brackets 1e11 times as wide"
inside 'passes=6 rank=100 tolerance=0.9' small.yaml
grep -q 'warning: brackets are up to' log || failed "no warning of brackets ten times as wide"
inside 'rank=300' small.yaml network.activation=erf network.depth=6 'quantities=[nngp]' jitter=0.001
inside 'rank=1 passes=20' small.yaml 'quantities=[ensemble]' "grid={rows: $ranks, columns: 1}"
inside 'tolerance=1e-3' "$digits" noise_variance=0.1
inside '' small.yaml synthetic.test=600 # three batches

cat >list.yaml <<'YAML'
seed: 3
synthetic: {train: 200, test: 30, dimension: 8}
noise_variance: 0.01
network:
  layers:
    - dense: {sigma_w: 1.5, sigma_b: 0.1}
    - relu
    - residual: [dense: {sigma_w: 1.0}, erf, dense]
    - layer_norm
    - dense
    - gelu
    - dense: {sigma_w: 1.0, sigma_b: 0}
YAML
inside '' list.yaml
inside 'passes=4 rank=30' list.yaml
on 1 plan list.yaml --set solver.method=iterative || failed "no plan for a list"
grep -q '^ *solver iterative, rank 200: ' log || failed "the plan for a list has another solver"
inside '' list.yaml network.parameterization=standard network.width=64 noise_variance=1
inside '' small.yaml network.parameterization=standard network.width=64 noise_variance=1

# Targets far from zero: what the way back to their units rounds is in the brackets.
awk 'BEGIN { srand(5)
  for (i = 0; i < 60; i++) {
    print rand() - 0.5 "," rand() - 0.5 "," rand() - 0.5 >(i < 50 ? "X.csv" : "T.csv")
    if (i < 50) printf "%.3f\n", 1e9 + rand() >"Y.csv"
  } }'
cat >far.yaml <<'YAML'
data: {train: {inputs: X.csv, targets: Y.csv}, test: {inputs: T.csv}, standardize_targets: true}
network: {depth: 2}
noise_variance: 0.1
YAML
run iterative far.yaml solver.rank=50 'quantities=[ntk_gp]' || failed "iterative: targets far from zero"
run cholesky far.yaml 'quantities=[ntk_gp]' || failed "cholesky: targets far from zero"
"$check_brackets" cholesky/results.h5 iterative/results.h5 0 >brackets 2>outside || failed "outside: $(cat brackets outside)"

refused 'layers\[3\] is relu behind a smooth activation' 'network={layers: [dense, erf, dense, relu, dense]}'
refused 'theta - kappa to be a kernel' 'quantities=[ntk_gp]' 'network={depth: 3, parameterization: standard, width: 1, sigma_w: 2}'
refused 'noise_variance' noise_variance=0
refused 'precision' precision=mixed
refused 'sampling' sampling.posterior=3
refused 'certify' 'certify={}'
refused 'loo' loo=true
refused 'rnd.target' 'rnd={target: {depth: 2, activation: relu, sigma_w: 1, sigma_b: 0}}'
refused 'factor.save' factor.save=f.h5
refused 'output.covariance' output.covariance=true
refused 'output.kernels' output.kernels=true
refused 'passes' solver.passes=1
refused 'tolerance' solver.tolerance=0
run cholesky small.yaml solver.rank=7
[ $? = 2 ] || failed "a rank without use is not refused"

if [ "$failures" -gt 0 ]; then
  echo "repeat: $0 $*"
  exit 1
fi
