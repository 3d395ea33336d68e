#!/usr/bin/env bash
# loo.sh PROGRAM LAUNCHER RANKS: leave-one-out of the whole program is what NumPy, and the program itself, predict without the point:
# with noise and without, with rows that are there twice, with a single row; and what is refused. (Going on from checkpoints: resume.sh;
# scores in closed form: numbers.sh.) Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
# shellcheck source-path=SCRIPTDIR source=../pythons.sh
. "$(dirname "$0")/../pythons.sh"
python=$(python_with 'numpy, h5py')
if [ -z "$python" ]; then
  [ "${CI-}" != true ] || { echo "NumPy or h5py is missing" >&2 && exit 1; }
  exit 77
fi

# refused PATTERN SETTING...: status 2 and one message.
refused() {
  local pattern=$1 status=0
  shift
  run_into refused case.yaml "$@" || status=$?
  refusal "$*" 2 "$status" "$pattern"
  [ ! -e refused/results.h5 ] || failed "$*: results are there"
}

# agrees NAME NOISE JITTER [FIT...]: out/ is right.
agrees() {
  local name=$1
  shift
  "$python" "$(dirname "$0")/loo.py" out Y.csv "$@" >>log 2>&1 || failed "$name"
}

# fit ROW: the run without it, which predicts it; rows count from 0.
fit() {
  seq 0 $((points - 1)) | grep -vx "$1" >rest.txt
  echo "$1" >row.txt
  run_into "fit.$1" case.yaml loo=false output.kernels=false data.train.rows=rest.txt data.test.rows=row.txt ||
    failed "the run without row $1"
}

points=23
rm -rf out refused fit.*
awk -v n=$points -v OFS=, 'BEGIN { for (i = 0; i < n; i++) print sin(7 * i + 1), cos(3.3 * i), sin(i * i + 1) }' >X.csv
awk -F, -v OFS=, '{ print sin(2 * $1) + $2 * $3, 3 * $1 - 40 * (NR == 5) }' X.csv >Y.csv
cat >case.yaml <<'END_OF_CASE'
data:
  train: {inputs: X.csv, targets: Y.csv}
  test: {inputs: X.csv}
noise_variance: 0.05
jitter: 0.01
loo: true
grid: {block: 4}
output: {kernels: true}
END_OF_CASE

run_into out case.yaml || failed 'leave-one-out'
for row in 0 4 22; do fit $row; done
agrees 'with noise and jitter' 0.05 0.01 fit.0 fit.4 fit.22
grep -A 1 'surprising training rows by ntk_gp' out/run.log | grep -q '^ *5 (' || failed 'row 5, which is wrong, surprises nobody'
run_into out case.yaml noise_variance=0 jitter=0 'network={depth: 2, activation: erf}' || failed 'leave-one-out without noise'
agrees 'without noise' 0 0

# Only what is asked for.
for quantity in nngp rnd; do
  run_into some case.yaml "quantities=[$quantity]" output.kernels=false || failed "$quantity alone"
  "$python" - $quantity >>log 2>&1 <<'END_OF_CHECK' || failed "$quantity: others are there, or other numbers"
import sys, h5py, numpy
some, mean = h5py.File("some/results.h5")["loo"], {"nngp": "nngp", "rnd": "ntk"}[sys.argv[1]]
assert list(some["variance"]) == [sys.argv[1]] and list(some["mean"]) == [mean], (list(some["variance"]), list(some["mean"]))
assert numpy.all(numpy.isfinite(some["mean"][mean])) and numpy.all(some[f"variance/{sys.argv[1]}"][()] > 0)
END_OF_CHECK
done

refused 'precision: .*loo needs the matrix' precision=mixed output.kernels=false
refused 'solver.method: .*loo needs the matrix' solver.method=iterative output.kernels=false
refused 'has no rnd with rnd.target' 'rnd.target={depth: 2, activation: erf, sigma_w: 1, sigma_b: 0.1}'
refused "loo: 'perhaps' is not allowed" loo=perhaps

# Rows 18 to 23 are there twice. Their twin predicts them: noise remains; without noise there is nothing to leave out.
{ head -n 17 X.csv && head -n 6 X.csv; } >XX.csv && mv XX.csv X.csv
run_into out case.yaml || failed 'with equal rows'
for row in 2 19; do fit $row; done
agrees 'with equal rows' 0.05 0.01 fit.2 fit.19
refused 'X.csv: rows 1 and 18 .*are equal' noise_variance=0 jitter=0

# What is left out of one row is the prior.
head -n 1 X.csv >one.csv && head -n 1 Y.csv >Y1.csv && mv Y1.csv Y.csv
run_into out case.yaml data.train.inputs=one.csv || failed 'a single row'
agrees 'a single row' 0.05 0.01
exit $((failures > 0))
