#!/usr/bin/env bash
# tune_scipy.sh PROGRAM LAUNCHER RANKS: the best marginal likelihood that tune finds is that which an optimizer of SciPy finds of the
# same likelihood, computed by other means (tune_scipy.py). In a folder of its own.
set -uo pipefail
program=$1 launcher=$2 ranks=$3

# shellcheck source-path=SCRIPTDIR source=../pythons.sh
. "$(dirname "$0")/../pythons.sh"
python=$(python_with 'numpy, scipy, h5py')
if [ -z "$python" ]; then
  [ "${CI-}" != true ] || { echo "NumPy, SciPy or h5py is missing" >&2 && exit 1; }
  exit 77
fi
awk -v OFS=, 'BEGIN { for (i = 0; i < 80; i++) print sin(7 * i + 1), cos(3.3 * i), sin(i * i + 1) }' >X.csv
awk -F, '{ print sin(2 * $1) + $2 * $3 + 0.1 * sin(1000 * NR * NR) }' X.csv >Y.csv
cat >case.yaml <<'END'
data:
  train: {inputs: X.csv, targets: Y.csv}
  test: {inputs: X.csv}
network: {depth: 3, activation: relu}
tune:
  parameters:
    network.sigma_w: {from: 0.5, to: 5, scale: log}
    network.sigma_b: {from: 0.01, to: 3, scale: log}
    noise_variance: {from: 1.0e-4, to: 1, scale: log}
  evaluations: 200
output: {directory: out}
END
for prior in ntk_gp nngp; do
  # shellcheck disable=SC2086 # the launcher is a command with an option
  $launcher "$ranks" "$program" tune case.yaml --set tune.prior=$prior >log 2>&1 </dev/null || { cat log && exit 1; }
  "$python" "$(dirname "$0")/tune_scipy.py" out/tune.h5 $prior || exit 1
done
