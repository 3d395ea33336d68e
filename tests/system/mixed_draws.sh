#!/usr/bin/env bash
# mixed_draws.sh PROGRAM LAUNCHER RANKS COMPARE DIGITS: draws of precision: mixed are those of precision: double, to 1e-8 of the
# largest, with the same shifts, and change no variance or mean of a run that needs A anyway. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
compare=$4 digits=$5

# run FOLDER PRECISION CONFIG SETTING...
run() {
  run_into "$1" "$3" "precision=$2" "${@:4}" || failed "$2 precision: ${*:4}"
  sed -n '/"diagonal_shift"/,/}/p' "$1/summary.json" >"$1.shift"
}

# agree CONFIG SETTING...
agree() {
  run double double "$@"
  run mixed mixed "$@"
  "$compare" double/results.h5 mixed/results.h5 1e-8 >log 2>&1 || failed "they differ: $*"
  grep -Eq 'theta_TT|kappa' double.shift || failed "no shift: $*"
  cmp double.shift mixed.shift >log 2>&1 || failed "the shifts differ: $*"
}

cat >few.yaml <<'END'
synthetic: {train: 900, test: 70, dimension: 16}
quantities: [ensemble, rnd, bayesian_rnd, ntk_gp, nngp]
END
functions='{ensemble: 5, rnd: 6, bayesian_rnd: 7}'
all='{posterior: 4, ensemble: 5, rnd: 6, bayesian_rnd: 7}'
agree few.yaml "sampling=$all" output.covariance=true noise_variance=0.1 grid.block=32
# At depth 1 more inputs than points, or kernels are singular and draws agree to the root of the shift only.
agree few.yaml "sampling=$all" synthetic.train=60 synthetic.test=10 synthetic.dimension=100 network.depth=1 \
  noise_variance=0.1 "grid={rows: $ranks, columns: 1, block: 16}"
grep -q '"bayesian_target_is_zero": true' mixed/summary.json || failed 'depth 1, but targets that are not zero'
agree few.yaml "sampling=$all" synthetic.test=1  # ranks without a test point
agree few.yaml "sampling=$all" synthetic.test=10 # both priors in the same passes, but on 6 ranks
agree few.yaml "sampling=$functions" synthetic.train=300 synthetic.test=1100 # two batches
agree few.yaml "sampling=$functions" synthetic.train=70 synthetic.test=300 "grid={rows: $ranks, columns: 1, block: 24}"
agree few.yaml 'sampling={posterior: 1500, ensemble: 1100, rnd: 1100, bayesian_rnd: 1100}' synthetic.train=200 # two panels
agree few.yaml sampling.bayesian_rnd=5 'quantities=[bayesian_rnd]' noise_variance=0.1 # vectors, but no ensemble
agree "$digits" "sampling=$all" output.covariance=true
for kernel in theta_TT kappa theta_lower; do grep -q "\"$kernel\"" double.shift || failed "no shift of $kernel"; done
agree "$digits" "sampling=$all" 'quantities=[ensemble, rnd, bayesian_rnd, ntk_gp]' noise_variance=0.01 jitter=0.01

# The covariance that is drawn from has δ on its diagonal, the one that is written has not.
run without mixed "$digits" output.covariance=true
run with mixed "$digits" output.covariance=true "sampling=$all"
"$compare" without/results.h5 with/results.h5 0 >log 2>&1
for kind in posterior ensemble rnd bayesian_rnd; do grep -q "^samples/$kind" log || failed "there are no draws: $kind"; done
! grep -q differs log || failed 'draws change what is written beside them'
exit $((failures > 0))
