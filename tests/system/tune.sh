#!/usr/bin/env bash
# tune.sh PROGRAM LAUNCHER RANKS: the command tune: the local search reaches at least the best of a grid, tuned.yaml runs and has the
# objective that was reached, failed evaluations do not end it, and what it refuses. Runs in a folder of its own.
set -uo pipefail
program=$1 launcher=$2 ranks=$3
failures=0

# tune ARGUMENT...
tune() {
  # shellcheck disable=SC2086 # the launcher is a command with an option
  $launcher "$ranks" "$program" tune case.yaml "$@" >log 2>&1 </dev/null
}

failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  sed 's/^/  | /' log
}

# refused PATTERN ARGUMENT...: status 2 and one message.
refused() {
  local pattern=$1 status=0
  shift
  tune "$@" || status=$?
  [ "$status" = 2 ] || failed "$*: exit status $status, expected 2"
  [ "$(grep -c '^widelimit: error: ' log)" = 1 ] || failed "$*: not one message"
  grep -Eq "$pattern" log || failed "$*: nothing matches $pattern"
}

# best: the last number of the table in log.
best() { awk '/best so far/ { on = 1; next } on && NF == 2 { last = $2 } on && NF == 0 { exit } END { print last }' log; }

# at_least A B: A ≥ B.
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && b != "" && a + 0 >= b + 0) }'; }

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
python3 - "$reached" <<'END' || failed "tuned.yaml does not have the likelihood $reached"
import json, re, sys
text = open("out/summary.json").read()
values = [float(x) for x in re.findall(r'"log_marginal_likelihood": \[?\s*([-0-9.eE+]+)', text)]
sys.exit(not any(abs(v - float(sys.argv[1])) <= 1e-8 * (1 + abs(v)) for v in values))
END

for objective in loo_log_density loo_rmse loo_crps; do
  for prior in ntk_gp nngp ensemble; do
    tune --set tune.objective=$objective --set tune.prior=$prior --set tune.evaluations=20 --set tune.subset=25 --set tune.method=random ||
      failed "$objective $prior"
  done
done
refused 'tune.evaluations: is 1,' --set tune.evaluations=1
refused 'noise_variance: is given a value' --set noise_variance=0.1
sed '/^tune:/,/activation/d' case.yaml >plain.yaml
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
tune --set tune.evaluations=8 || status=$?
{ [ "$status" = 3 ] && [ ! -e out/tuned.yaml ]; } || failed "nothing works: exit status $status, expected 3"

[ "$failures" = 0 ] && echo "tune on $ranks ranks: all as expected"
exit "$((failures > 0))"
