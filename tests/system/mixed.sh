#!/usr/bin/env bash
# mixed.sh PROGRAM LAUNCHER RANKS COMPARE CHECK_REFERENCE CASES DIGITS TOY: precision: mixed gives what precision: double gives, to
# 1e-8 of the largest entry, or ends with status 3 and the remedies, or refuses by name. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
compare=$4 check_reference=$5 cases=$6 digits=$7 toy=$8

# run PRECISION CONFIG SETTING...
run() { run_into "$1" "$2" "precision=$1" "${@:3}"; }

# agree CONFIG SETTING...: both precisions work and agree.
agree() {
  run double "$@" || failed "double precision: $*"
  run mixed "$@" || failed "mixed precision: $*"
  "$compare" double/results.h5 mixed/results.h5 1e-8 >log 2>&1 || failed "they differ: $*"
  grep -q '"precision": "mixed"' mixed/summary.json || failed "the summary does not say mixed"
  grep -q '"log_determinant_error"' mixed/summary.json || failed "the summary does not say how accurate it is"
}

# breaks CONFIG SETTING...: single precision is not enough, and the message says what would be; nothing is left behind.
breaks() {
  run mixed "$@"
  [ $? = 3 ] || failed "status is not 3: $*"
  [ "$(grep -c '^widelimit: error: ' log)" = 1 ] || failed "not one message: $*"
  grep -q 'single precision.*precision: double.*noise_variance' log || failed "the message names no remedy: $*"
  [ -z "$(find mixed -type f 2>/dev/null)" ] || failed "results are left: $*"
}

# refused PATTERN CONFIG SETTING...
refused() {
  local pattern=$1
  shift
  run mixed "$@"
  [ $? = 2 ] || failed "status is not 2: $*"
  grep -Eq "^widelimit: error: .*precision.*$pattern" log || failed "the message does not name $pattern: $*"
}

for case in "$cases"/*.json; do
  folder=$(basename "$case" .json)
  mkdir -p "$folder"
  "$check_reference" write "$case" "$folder"
  sed -i '/^training:/d; /^spectrum:/d; /^noise_path:/d' "$folder/case.yaml"
  agree "$folder/case.yaml" output.kernels=false loo=false # which mixed precision refuses, as it does those lines
done
agree "$digits" output.covariance=true
agree "$digits" 'quantities=[nngp, ntk_gp]' grid.block=100 "grid={rows: $ranks, columns: 1}"

# Few test points: the product with kappa goes with the second pass, and, with so few on so few ranks, both priors' solutions.
cat >few.yaml <<'END'
synthetic: {train: 1200, test: 40, dimension: 64}
quantities: [ensemble, rnd, bayesian_rnd, ntk_gp, nngp]
END
agree few.yaml output.covariance=true
[ "$ranks" -gt 3 ] || grep -q '"predict_both"' mixed/summary.json || failed 'few test points, but no passes that both priors share'
agree few.yaml 'quantities=[rnd, nngp]' noise_variance=0.01
# Conjugate gradients under both priors, then under one alone: they end after different passes.
agree few.yaml synthetic.dimension=4 network.activation=erf noise_variance=1e-3
grep -q '"iterations": [3-9]' mixed/summary.json || failed 'no conjugate gradients'
agree few.yaml synthetic.dimension=4 noise_variance=1e-4
grep -q '"iterations": [3-9]' mixed/summary.json || failed 'no conjugate gradients'

# A linear network of 64 inputs and 720 points: the condition is 2.5e3 / noise. Double precision does well with both.
agree "$digits" network.depth=1 noise_variance=1e-5 grid.block=64
run double "$digits" network.depth=1 noise_variance=1e-6 || failed 'double precision with a condition of 2.5e9'
breaks "$digits" network.depth=1 noise_variance=1e-6
breaks "$digits" network.depth=1 noise_variance=1e-6 'quantities=[nngp]'

refused output.kernels "$toy"
refused certify "$toy" output.kernels=false certify.heads=8
refused checkpoint.directory "$toy" output.kernels=false checkpoint.directory=kept
refused factor.save "$toy" output.kernels=false factor.save=factor.h5
exit $((failures > 0))
