#!/usr/bin/env bash
# tune.sh PROGRAM LAUNCHER RANKS: the command tune: the local search reaches at least the best of a grid, tuned.yaml runs and has the
# objective that was reached, tune.h5 has what run computes, groups of ranks and a search that goes on come to the same,
# failed evaluations do not end it, and what it refuses. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
# shellcheck source-path=SCRIPTDIR source=../pythons.sh
. "$(dirname "$0")/../pythons.sh"

# tune ARGUMENT...
tune() { on "$ranks" tune case.yaml "$@"; }

# refused PATTERN ARGUMENT...: status 2 and one message.
refused() {
  local pattern=$1 status=0
  shift
  tune "$@" || status=$?
  refusal "$*" 2 "$status" "$pattern"
}

# best: the last number of the table in log.
best() { awk '/best so far/ { on = 1; next } on && NF == 2 { last = $2 } on && NF == 0 { exit } END { print last }' log; }

# at_least A B: A ≥ B.
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && b != "" && a + 0 >= b + 0) }'; }

# has_likelihood X: the sum over outputs in summary.json is X.
has_likelihood() {
  awk -v x="$1" -F'[:,]' '/"log_marginal_likelihood_sum"/ { d = $2 - x; if (d < 0) d = -d; if (d <= 1e-8 * (1 + (x < 0 ? -x : x))) found = 1 }
    END { exit !found }' out/summary.json
}

numbers() { awk -v rows="$1" -v s="$2" -v OFS=, 'BEGIN { for (i = 0; i < rows; i++) print sin(7 * i + s), cos(3.3 * i * s), sin(i * i + s) }'; }

numbers 40 1 >X.csv
awk -F, '{ print sin(2 * $1) + $2 * $3 + 0.1 * sin(1000 * NR * NR) }' X.csv >Y.csv
numbers 4 3 >T.csv
cat >case.yaml <<'END'
data:
  train: {inputs: X.csv, targets: Y.csv}
  test: {inputs: T.csv}
grid: {block: 8}
tune:
  parameters:
    network.sigma_w: {from: 0.5, to: 3, scale: log}
    noise_variance: {from: 1.0e-4, to: 1, scale: log}
    network.activation: [relu, erf]
output: {directory: out}
END

sed '/^tune:/,/activation/d' case.yaml >plain.yaml

tune --set tune.method=grid --set tune.evaluations=98 || failed "grid"
grid=$(best)
tune || failed "local"
at_least "$(best)" "$grid" || failed "local reaches $(best), the grid $grid"
reached=$(best)
[ -f out/tune.h5 ] || failed "no tune.h5"
cp out/tuned.yaml first.yaml
tune || failed "again"
cmp -s first.yaml out/tuned.yaml || failed "other values the second time"
# shellcheck disable=SC2086
$launcher "$ranks" "$program" run out/tuned.yaml --set 'quantities=[ntk_gp]' >log 2>&1 </dev/null || failed "run tuned.yaml"
has_likelihood "$reached" || failed "tuned.yaml does not have the likelihood $reached"

# What is in tune.h5: the objective of rows as run has it. Where the noise comes last, kernels were those of the row before.
python=$(python_with 'numpy, h5py')
[ -n "$python" ] || [ "${CI-}" != true ] || failed "NumPy or h5py is missing"
# table ARGUMENT...: tune_table.py, where there is a Python for it.
table() { [ -z "$python" ] || "$python" "$(dirname "$0")/tune_table.py" "$@" >>log 2>&1; }

tune --set tune.method=grid --set tune.evaluations=32 --set tune.groups=1 || failed "a grid of four values"
: >log
table rows out/tune.h5 0 1 2 5 31 || failed "no rows of tune.h5"
cp log rows.txt
while read -r _ sigma noise activation goal; do
  # shellcheck disable=SC2086
  $launcher "$ranks" "$program" run plain.yaml --set network.sigma_w="$sigma" --set noise_variance="$noise" \
    --set network.activation="$activation" --set 'quantities=[ntk_gp]' --overwrite >log 2>&1 </dev/null || failed "run at a row of tune.h5"
  has_likelihood "$goal" || failed "tune.h5 has another objective than run: $goal"
done <rows.txt

# Groups: a grid and random places are the same whoever evaluates them.
for method in grid random; do
  tune --set tune.method=$method --set tune.evaluations=32 --set tune.groups=1 || failed "$method, one group"
  cp out/tune.h5 one.h5
  tune --set tune.method=$method --set tune.evaluations=32 || failed "$method, groups"
  [ "$ranks" = 1 ] || grep -q "tune     $ranks groups of 1 to 1 ranks" log || failed "$method: no groups"
  table same one.h5 out/tune.h5 || failed "$method: other evaluations by groups"
done
tune --set tune.groups="$ranks" || failed "local, groups"
at_least "$(best)" "$grid" || failed "local by groups reaches $(best), the grid $grid"
refused 'tune.groups: is 9, but there are' --set tune.groups=9

# A search that was stopped goes on to the same end, on other groups too. It has as many evaluations as take some six seconds here, and
# four times as many where these were counted while the machine had other work, and two seconds were enough.
started=$EPOCHREALTIME
tune --set tune.method=random --set tune.evaluations=200 || failed "200 evaluations"
evaluations=$(awk -v from="$started" -v to="$EPOCHREALTIME" 'BEGIN { print int(200 * 6 / (to - from)) + 200 }')
run_out() { tune --set tune.method=random --set "tune.evaluations=$evaluations" "$@"; }
for attempt in 1 2 3; do
  run_out || failed "$evaluations evaluations"
  cp out/tune.h5 whole.h5
  cp out/tuned.yaml whole.yaml
  rm -rf out
  status=0
  run_out --time-limit 00:00:02 --set tune.groups=1 || status=$?
  { [ "$status" = 0 ] && [ "$attempt" -lt 3 ]; } || break
  evaluations=$((4 * evaluations))
done
{ [ "$status" = 75 ] && grep -q 'go on with --resume' log; } || failed "stopped: exit status $status, expected 75"
run_out --resume || failed "resumed"
grep -Eq 'resumed  [1-9][0-9]* evaluations are known' log || failed "nothing was known"
table same whole.h5 out/tune.h5 || failed "resumed: other evaluations"
cmp -s whole.yaml out/tuned.yaml || failed "resumed: other values"
refused 'tune.prior was ntk_gp and is now nngp' --resume --set tune.prior=nngp
sed -i 's/to: 3,/to: 4,/' case.yaml
refused 'parameters.network.sigma_w was 0.5 to 3, log and is now 0.5 to 4, log' --resume
sed -i 's/to: 4,/to: 3,/' case.yaml
cp Y.csv kept.csv
sed -i '1s/.*/7/' Y.csv
refused 'with other data: the training targets' --resume
mv kept.csv Y.csv
cp out/tune.h5 kept.h5
echo nothing >out/tune.h5
refused 'tune.h5: is damaged, or not a file of widelimit' --resume
rm -rf out
tune --resume --set tune.evaluations=8 || failed "nothing to go on from"

for objective in loo_log_density loo_rmse loo_crps; do
  for prior in ntk_gp nngp ensemble; do
    tune --set tune.objective=$objective --set tune.prior=$prior --set tune.evaluations=20 --set tune.subset=25 --set tune.method=random ||
      failed "$objective $prior"
  done
done
refused 'tune.evaluations: is 1,' --set tune.evaluations=1
refused 'noise_variance: is given a value' --set noise_variance=0.1
# shellcheck disable=SC2086
$launcher "$ranks" "$program" tune plain.yaml >log 2>&1 </dev/null
{ [ $? = 2 ] && grep -q 'tune: is missing' log; } || failed "no section tune"

status=0
rm -rf out
tune --time-limit 00:00:01 --set tune.evaluations=1000000 --set tune.method=random || status=$?
{ [ "$status" = 75 ] && [ -s out/tuned.yaml ] && grep -q 'stopped by the time limit' log; } ||
  failed "time limit: exit status $status, expected 75 and the best so far"

# Twice the same rows and next to no noise: not positive definite, which is bad but no end; with noise alone it works.
cat X.csv X.csv >XX.csv && mv XX.csv X.csv
cat Y.csv Y.csv >YY.csv && mv YY.csv Y.csv
sed -i 's/noise_variance: .*/noise_variance: [0, 0.1]/' case.yaml
tune --set tune.evaluations=8 || failed "failed evaluations end it"
grep -Eq '\([1-9][0-9]* failed\)' log || failed "no evaluation failed"
sed -i 's/noise_variance: .*/noise_variance: [0]/' case.yaml
rm -rf out
status=0
tune --time-limit 00:00:01 --set tune.evaluations=1000000 --set tune.method=random || status=$?
{ [ "$status" = 75 ] && [ ! -e out/tune.h5 ] && grep -q 'stopped by .*no evaluation has succeeded so far, and nothing is written' log; } ||
  failed "stopped before a success: exit status $status, expected 75 and to say so"
status=0
tune --set tune.evaluations=8 || status=$?
{ [ "$status" = 3 ] && [ ! -e out/tuned.yaml ]; } || failed "nothing works: exit status $status, expected 3"

[ "$failures" = 0 ] && echo "tune on $ranks ranks: all as expected"
exit "$((failures > 0))"
