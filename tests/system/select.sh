#!/usr/bin/env bash
# select.sh PROGRAM LAUNCHER RANKS COMPARE: the command select: on any number of ranks what one rank chooses, with the factor of an
# earlier run too, with variances as of runs that have the choices in their training sets, and what it refuses. (Every choice against
# refitting: tests/mpi/test_select.c.) Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
# shellcheck source-path=SCRIPTDIR source=../pythons.sh
. "$(dirname "$0")/../pythons.sh"
compare=$4
python=$(python_with 'numpy, h5py')
[ -n "$python" ] || [ "${CI-}" != true ] || { echo "NumPy or h5py is missing" >&2 && exit 1; }

# refitted BY [NOISE [OPTION...]]: what out/ has are the variances of runs with the choices appended; with NOISE units are dropped.
refitted() {
  [ -n "$python" ] || return 0
  "$python" "$(dirname "$0")/select_refit.py" rows out 31 >>log 2>&1 || failed "$1: no choices"
  for rows in some all; do
    run_into fit.$rows refit.yaml "data.train.rows=$rows.txt" "quantities=[$1]" "${@:3}" || failed "$1: the run with $rows of the choices"
  done
  "$python" "$(dirname "$0")/select_refit.py" check out "$1" fit.some fit.all 31 ${2+"$2"} >>log 2>&1 || failed "$1: other variances than by refitting"
}

# refused PATTERN ARGUMENT...: status 2 and one message.
refused() {
  local pattern=$1 status=0
  shift
  on "$ranks" select case.yaml "$@" || status=$?
  refusal "$*" 2 "$status" "$pattern"
}

# numbers ROWS SEED: rows of three numbers that look random.
numbers() { awk -v rows="$1" -v s="$2" -v OFS=, 'BEGIN { for (i = 0; i < rows; i++) print sin(7 * i + s), cos(3.3 * i * s), sin(i * i + s) }'; }

numbers 31 1 >X.csv
numbers 31 2 | cut -d, -f1 >Y.csv
numbers 4 3 >T.csv
numbers 57 4 >P.csv
numbers 5 4 | cut -d, -f1-2 >flat.csv
cat >case.yaml <<'END'
data:
  train: {inputs: X.csv, targets: Y.csv}
  test: {inputs: T.csv}
  pool: {inputs: P.csv}
noise_variance: 0.05
grid: {block: 8}
select: {count: 40}
output: {directory: out}
END

cat X.csv P.csv >XP.csv
{ cat Y.csv && sed 's/.*/0/' P.csv; } >YP.csv
cat >refit.yaml <<'END'
data:
  train: {inputs: XP.csv, targets: YP.csv}
  test: {inputs: P.csv}
noise_variance: 0.05
grid: {block: 8}
END

for by in ntk_gp nngp rnd ensemble; do
  on 1 select case.yaml --set select.by=$by --set output.directory=one || failed "$by on one rank"
  on "$ranks" select case.yaml --set select.by=$by || failed "$by"
  "$compare" one/results.h5 out/results.h5 1e-12 >>log 2>&1 || failed "$by: other choices than those of one rank"
  [[ $by != nngp && $by != rnd ]] || refitted $by
done

### where units are dropped, a row meets itself on the diagonal alone
drop='network={layers: [dense, relu, dropout: {keep: 0.7}, dense]}'
for by in ntk_gp nngp; do
  on "$ranks" select case.yaml --set select.by=$by --set "$drop" || failed "$by with dropout"
  refitted $by 0.05 "$drop"
done
on "$ranks" select case.yaml --set select.by=rnd || failed rnd

grep -q '"choices"' out/summary.json || failed "no choices in summary.json"
cp out/results.h5 before.h5
on "$ranks" select out/config.yaml || failed "config.yaml does not select again"
"$compare" before.h5 out/results.h5 0 >>log 2>&1 || failed "config.yaml selects otherwise"

on "$ranks" run case.yaml --set factor.save=factor.h5 || failed "a run that keeps its factors"
for by in nngp rnd; do
  on "$ranks" select case.yaml --set select.by=$by --factor factor.h5 || failed "$by with a factor"
  on 1 select case.yaml --set select.by=$by --set output.directory=one || failed "$by on one rank"
  "$compare" one/results.h5 out/results.h5 1e-12 >>log 2>&1 || failed "$by: other choices with a factor"
done

on "$ranks" select case.yaml --set select.rule=information || failed "information"
refused 'select.count: is 58, but the pool has 57 points' --set select.count=58
refused 'X.csv has 3 columns, but flat.csv has 2' --set data.pool.inputs=flat.csv
refused 'data.pool.inputs: cannot be|none.csv' --set data.pool.inputs=none.csv
refused 'select.by: .*not among the quantities' --set 'quantities=[nngp]'
refused 'select.rule: .*set noise_variance' --set select.rule=information --set noise_variance=0
refused 'precision: .*select needs the matrix' --set precision=mixed
sed -i '/^select/d' case.yaml
refused 'select: is missing'
exit $((failures > 0))
