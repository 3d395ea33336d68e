#!/usr/bin/env bash
# progress.sh PROGRAM LAUNCHER RANKS COMPARE: phases that show nothing of their own, such as one call of p?potrf, show elapsed against predicted
# time, on the console and in run.log alike, and change nothing else. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
compare=$4

cat >case.yaml <<'END'
name: case
synthetic: {train: 2400, test: 20, dimension: 4}
network: {depth: 2}
noise_variance: 0.01
output: {directory: out}
END
time='[0-9.]+ (us|ms|s|min [0-9]+ s)'
line="^  ([a-z_]+) +$time of $time predicted\$"

run_into plain case.yaml || failed 'without progress'
! grep -E "$line" log || failed 'a short run shows progress'

# A line every ten milliseconds: the factorization takes longer.
export WIDELIMIT_PROGRESS_SECONDS=0.01
run_into out case.yaml || failed 'with progress'
(($(grep -Ec "^  factor_theta +$time of $time predicted\$" log) >= 2)) || failed 'the factorization shows no progress'
grep -E "$line" log >said
grep -E "$line" out/run.log >kept
diff said kept >log || failed 'run.log has other progress than the console'
"$compare" plain/results.h5 out/results.h5 0 >log 2>&1 || failed 'other results with progress'
awk '/seconds .*slowest rank$/ { inside = 1; next } inside && NF == 0 { exit } inside { print $1, $2 }' out/run.log >phases

# Within a phase of the run time does not run backwards, nor beyond what the phase took in the end. Texts are rounded to the tenth of a second, the
# millisecond or the second; and between the two clocks' readings at the end of a phase its process may have to wait for a processor.
awk 'function seconds() { return $3 == "min" ? 60 * $2 + $4 : $3 == "us" ? 1e-6 * $2 : $3 == "ms" ? 1e-3 * $2 : $2 }
  function rounding() { return $3 == "min" ? 0.5 : $3 == "s" ? 0.05 : 0.0005 }
  NR == FNR { took[$1] = $2; next }
  !($1 in took) || seconds() < last[$1] || seconds() > took[$1] + rounding() + 0.05 { print "FAILED: " $0; bad = 1 }
  { last[$1] = seconds() }
  END { exit bad }' phases said || failures=$((failures + 1))

# A loop that shows how far it is, in percent, speaks for itself.
run_into loop case.yaml engine=lookahead || failed 'lookahead'
grep -Eq '^  theta +[0-9]+ %' log || failed 'lookahead shows no progress'

# After an error nothing more is said.
run_into failing case.yaml noise_variance=0 network.depth=1 network.activation=identity quantities='[nngp]'
status=$?
[ $status = 3 ] || failed "a singular matrix: status $status"
sed -n '/^widelimit: error: /,$p' log | grep -E "predicted\$|left\$" && failed 'progress after the error'
exit $((failures > 0))
