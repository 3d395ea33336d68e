#!/usr/bin/env bash
# append.sh PROGRAM LAUNCHER RANKS COMPARE: a factor that was kept is extended by the rows that follow those it was made of: results of
# a fresh run to 1e-12, on any number of ranks, in several steps; and what cannot be appended to is refused. In a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
compare=$4
other=$((ranks % 4 + 1))

# refused STATUS PATTERN ARGUMENT...: that status and one message, and no results.
refused() {
  local wanted=$1 pattern=$2 status=0
  shift 2
  rm -rf out
  on "$ranks" "$@" || status=$?
  refusal "$*" "$wanted" "$status" "$pattern"
  [ ! -e out/results.h5 ] || failed "$*: results are there"
}

# same NAME: the results are those of the fresh run.
same() { "$compare" fresh/results.h5 out/results.h5 1e-12 >>log 2>&1 || failed "$1: other results"; }

# appended COUNT FILE: to both factors in it.
appended() { [ "$(grep -c "$1 rows appended to the .* of $2" log)" = 2 ] || failed "$1 rows are not appended to $2"; }

# rows COUNT: the training set is the first so many rows.
rows() {
  head -n "$1" all.csv | cut -d, -f1-3 >X.csv
  head -n "$1" all.csv | cut -d, -f4 >Y.csv
}

rm -rf out fresh append.sbatch ./*.h5
awk -v OFS=, 'BEGIN { for (i = 0; i < 75; i++) print sin(7 * i + 1), cos(3.3 * i), sin(i * i + 1), cos(i * i) }' >all.csv
awk -v OFS=, 'BEGIN { for (i = 0; i < 9; i++) print sin(5 * i + 2), cos(2.3 * i), sin(i * i + 2) }' >T.csv
awk -v OFS=, 'BEGIN { for (i = 0; i < 31; i++) print sin(5 * i + 4), cos(2.3 * i), sin(i * i + 4) }' >P.csv
cat >case.yaml <<'END'
data:
  train: {inputs: X.csv, targets: Y.csv}
  test: {inputs: T.csv}
  pool: {inputs: P.csv}
noise_variance: 0.05
grid: {block: 8}
select: {count: 12, by: rnd}
output: {directory: out}
END

rows 61
on "$ranks" run case.yaml --set factor.save=first.h5 || failed 'factors kept'
rows 75
on "$ranks" run case.yaml --set output.directory=fresh || failed 'a fresh run'
sum=$(cksum first.h5 first.kappa.h5)
for engine in scalapack lookahead; do
  on "$other" predict --factor first.h5 case.yaml --set engine=$engine || failed "rows appended, $engine"
  same "rows appended, $engine"
  [ "$(grep -c '14 rows appended to the 61 of first' log)" = 2 ] || failed "$engine: it is not said what was appended"
done
on "$ranks" predict --factor first.h5 case.yaml --set grid.block=11 || failed 'rows appended, other blocks'
same 'rows appended, other blocks'
appended 14 first
grep -q '"residual": 0[.]' out/summary.json || failed 'no residual, or not one of rounding'

# what it takes can be known before: no factorization but of the border
on 1 plan --factor first.h5 case.yaml --json plan.json || failed 'the plan'
grep -q 'factor   of the first 61 training points, in first.h5' log || failed 'the plan does not say what is known'
grep -q '"known": 61' plan.json || failed 'plan.json does not say what is known'
on 1 plan --factor first.h5 case.yaml --train 20061 --json long.json --sbatch append.sbatch || failed 'the plan of more'
on 1 plan case.yaml --train 20061 --json fresh.json || failed 'the plan of a fresh run'
seconds() { sed -n 's/^ *"factor_theta": \([-+.0-9eE]*\),*$/\1/p' "$1" | sed -n 1p; }
awk -v a="$(seconds long.json)" -v b="$(seconds fresh.json)" 'BEGIN { exit !(a > 0 && b > 0 && a < 3 * b && a > b) }' ||
  failed "appending 20000 rows to 61 takes $(seconds long.json) s, factoring them $(seconds fresh.json) s"
grep -q ' predict ' append.sbatch || failed 'the job script does not predict'
grep -q -- "--factor '$PWD/first.h5'" append.sbatch || failed 'the job script does not name the factor'

# the extended factor is kept where it has another name, and extended again
rows 64
on "$ranks" predict --factor first.h5 case.yaml --set factor.save=second.h5 || failed 'the first rows appended'
on "$ranks" predict --factor first.h5 case.yaml --set factor.save=first.h5 || failed 'kept under the same name'
[ "$(cksum first.h5 first.kappa.h5)" = "$sum" ] || failed 'the factors that were appended to are others now'
rows 75
on "$other" predict --factor second.h5 case.yaml --set factor.save=third.h5 || failed 'the others appended'
appended 11 second
same 'appended in two steps'
on "$ranks" predict --factor third.h5 case.yaml || failed 'the factor that was extended'
grep -q appended log && failed 'rows appended to all of them'
same 'the factor that was extended'

for quantity in nngp ntk_gp; do
  on "$ranks" run case.yaml --set quantities="[$quantity]" --set select.by=$quantity --set output.directory=fresh || failed "a fresh run, $quantity"
  on "$ranks" predict --factor first.h5 case.yaml --set quantities="[$quantity]" --set select.by=$quantity || failed "rows appended, $quantity"
  grep -q '14 rows appended to the 61 of first' log || failed "nothing appended, $quantity"
  same "rows appended, $quantity"
done
on "$ranks" select case.yaml --set output.directory=fresh || failed 'a fresh select'
on "$ranks" select --factor first.h5 case.yaml || failed 'select after appending'
grep -q '14 rows appended to the 61 of first' log || failed 'select appended nothing'
"$compare" fresh/results.h5 out/results.h5 1e-9 >>log 2>&1 || failed 'other choices'

# a factor that is not there, by the name and the quantity that needs it
mv first.kappa.h5 away.h5
refused 2 'first\.kappa\.h5: is not there, and nngp needs .*leave nngp out of quantities' predict --factor first.h5 case.yaml
mv away.h5 first.kappa.h5
refused 2 'none\.h5: cannot be opened' predict --factor none.h5 case.yaml

# what cannot be appended to
sed -i '3s/^[^,]*/0.125/' X.csv
refused 2 'first.h5: has the factor of 61 training rows, but the first 61 of the 75 .*appended, not changed$' \
  predict --factor first.h5 case.yaml
rows 75
refused 2 'noise_variance was 0.05' predict --factor first.h5 case.yaml --set noise_variance=0.1
rows 60
refused 2 'training inputs were 61 x 3' predict --factor first.h5 case.yaml
rows 61
on "$ranks" run case.yaml --set factor.save=scaled.h5 --set data.standardize=true || failed 'factors kept of scaled inputs'
rows 75
refused 2 'with data.standardize, rows that are appended change all' \
  predict --factor scaled.h5 case.yaml --set data.standardize=true

refused 2 'first.h5: has the factor of 61 training rows, but there are 60' plan --factor first.h5 case.yaml --train 60
refused 2 'precision: is mixed' plan --factor first.h5 case.yaml --set precision=mixed
refused 2 'would be written over first.h5' plan --factor first.h5 case.yaml --json first.h5
refused 2 'none.h5' plan --factor none.h5 case.yaml

# a row that is there already, without noise
rows 61
on "$ranks" run case.yaml --set factor.save=exact.h5 --set noise_variance=0 || failed 'factors kept without noise'
{ head -n 63 all.csv && sed -n 5p all.csv && tail -n 11 all.csv; } >again.csv
mv again.csv all.csv
rows 75
refused 2 'rows 5 and 64 ' predict --factor exact.h5 case.yaml --set noise_variance=0
sed -i '64s/,/0000000001,/' X.csv # another number, by one or two units in its last place
refused 3 'training row 64 ' predict --factor exact.h5 case.yaml --set noise_variance=0

exit $((failures > 0))
