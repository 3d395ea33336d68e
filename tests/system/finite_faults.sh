#!/usr/bin/env bash
# finite_faults.sh PROGRAM LAUNCHER RANKS INPUT: faults put in on purpose must FAIL, on the right line, with exit status 4; and
# so must networks that do not converge. What finite networks are asked that cannot be gets one message. Runs in a folder of
# its own.
set -uo pipefail
program=$1 launcher=$2 ranks=$3 input=$4
failures=0
launch=()
# shellcheck disable=SC2206 # the launcher is a command with an option
[ "$ranks" = 1 ] || launch=($launcher "$ranks")

# expect STATUS PATTERN [--set KEY=VALUE]...: the status, and one message with the pattern
expect() {
  local status=$1 pattern=$2 actual=0
  shift 2
  rm -rf out
  timeout -k 5 100 "${launch[@]}" "$program" finite "$input" --set output.directory="$PWD/out" --set \
    'finite_width={widths: [32, 64, 128], networks: 96, heads: 4, training: linearized, stop: {residual: 1.0e-6}}' \
    "$@" >log 2>err || actual=$?
  if [ "$actual" != "$status" ] || [ "$(grep -c '^widelimit: error: ' err)" != 1 ] ||
    ! grep -Eq "^widelimit: error: .*($pattern)" err; then
    failures=$((failures + 1))
    echo "FAILED: $*: status $actual (expected $status), message not '$pattern'"
    sed 's/^/  | /' err log
  fi
}

# must_pass CLAIM: the fault is not blamed on this claim
must_pass() {
  awk -v claim="$1" '/^  [a-z]/ { name = $1 } name == claim && / (PASS|FAIL)$/ { print $NF }' log | grep -qx PASS && return
  failures=$((failures + 1))
  echo "FAILED: $1 should have passed"
}

expect 4 'bayesian_rnd_law' --set finite_width.sabotage=last_layer
must_pass rnd_law
expect 4 'rnd_variance' --set finite_width.sabotage=shared
must_pass bayesian_rnd_law
expect 4 'head_correlation' --set finite_width.sabotage=head
must_pass rnd_law
expect 4 'did not converge' --set finite_width.training=gradient_descent --set finite_width.stop.steps=3 \
  --set finite_width.networks=8
[ -s out/finite.h5 ] && grep -q '"verdict": "FAIL"' out/summary.json || failures=$((failures + 1))

expect 2 'network\.depth' --set network.depth=1
expect 2 'noise_variance' --set noise_variance=0.1 --set finite_width.training=gradient_descent
expect 2 'finite_width\.widths' --set 'finite_width.widths=[64]'
expect 2 'finite_width\.widths' --set 'finite_width.widths=[64, 32]'
expect 2 'finite_width\.networks' --set finite_width.networks=1
expect 2 'finite_width\.training.*linearized' --set finite_width.training=adam
expect 2 'finite_width\.momentum' --set finite_width.training=gradient_descent --set finite_width.stop.time=0.1
expect 2 'time is 1000: .*steps' --set finite_width.training=gradient_descent --set finite_width.stop.time=1000 \
  --set finite_width.momentum=none
expect 2 'heads' --set finite_width.heads=1000
expect 2 'verdict.*rank 0' --set finite_width.networks=1000000
x=${input%toy.yaml}toy_train.csv
expect 2 'width 46000 needs .*left' --set network.depth=20 --set finite_width.widths='[32, 64, 46000]'
expect 2 'settled by the training points' --set "data.test.inputs=$x:2-7" --set "data.test.targets=$x:8"
expect 2 'none\.csv' --set data.train.inputs=none.csv
: >file
expect 5 'file/out' --set output.directory=file/out
exit $((failures > 0))
