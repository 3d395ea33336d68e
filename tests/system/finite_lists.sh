#!/usr/bin/env bash
# finite_lists.sh PROGRAM LAUNCHER RANKS INPUT COMPARE: networks of finite width that are lists of layers pass their verdicts, RND's
# target likewise a list, with dropout and in standard parametrization; a list that spells out the network in short gives its results to
# the bit; finite.h5 holds the same as on one rank; faults FAIL; what cannot be trained gets one message. Runs in a folder of its own.
set -uo pipefail
program=$1 launcher=$2 ranks=$3 input=$4 compare=$5
data=${input%layers.yaml}
failures=0

# An activation of every kind that lists alone have is in test_finite_nets.
cat >list.yaml <<END
name: list
seed: 20260226
data:
  train: {inputs: "$data/toy_train.csv:2-7", targets: "$data/toy_train.csv:8"}
  test: {inputs: "$data/toy_test.csv:2-7", targets: "$data/toy_test.csv:8"}
network:
  layers: [dense: {sigma_w: 2.0, sigma_b: 0.3}, erf, dropout: {keep: 0.8}, dense: {sigma_w: 1.0, sigma_b: 0.1}]
finite_width: {widths: [32, 64, 128], networks: 96, heads: 4, training: linearized, stop: {residual: 1.0e-6}}
output: {directory: out}
END

launch=()
# shellcheck disable=SC2206 # the launcher is a command with an option
[ "$ranks" = 1 ] || launch=($launcher "$ranks")

sed -e '/layers:/d' -e 's/^network:/network: {depth: 3, activation: erf, sigma_w: 2.0, sigma_b: 0.3}/' list.yaml >short.yaml

# study CONFIG [--set KEY=VALUE]...: on $ranks ranks; its exit status
study() {
  timeout -k 5 200 "${launch[@]}" "$program" finite "$@" >log 2>err
}

fail() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  sed 's/^/  | /' err log
}

# passes WHAT CONFIG [--set KEY=VALUE]...
passes() {
  local what=$1
  shift
  if ! study "$@" || ! grep -q '^  verdict: PASS$' log; then fail "$what"; fi
}

# refused STATUS PATTERN CONFIG [--set KEY=VALUE]...: the status, and one message with the pattern
refused() {
  local status=$1 pattern=$2 actual=0
  shift 2
  study "$@" || actual=$?
  if [ "$actual" != "$status" ] || [ "$(grep -c '^widelimit: error: ' err)" != 1 ] ||
    ! grep -Eq "^widelimit: error: .*($pattern)" err; then
    fail "$*: status $actual (expected $status), message not '$pattern'"
  fi
}

small='finite_width={widths: [32, 64, 128], networks: 64, heads: 4, stop: {residual: 1.0e-3}}'
passes 'residual, layer_norm, another target' "$input" --set output.directory=together --set "$small"
grep -q 'residual \[erf' log || fail 'the list is not shown'
tr -s ' \n' ' ' <log | grep -q 'target dense .*rnd need not be twice the ensemble' || fail 'the target is not shown'
if [ "$ranks" != 1 ]; then
  "$program" finite "$input" --set output.directory=alone --set "$small" >log 2>err || fail 'one rank'
  "$compare" alone/finite.h5 together/finite.h5 0 || fail 'other results than on one rank'
fi

# Masks stay through the training, and another row of the data has another one: else its own kernel would be another's.
passes 'dropout' list.yaml --set finite_width.training=gradient_descent --set finite_width.stop.residual=1.0e-3
refused 4 'bayesian_rnd_law' list.yaml --set finite_width.sabotage=last_layer
refused 4 'rnd_variance' list.yaml --set finite_width.sabotage=shared
refused 4 'head_correlation' list.yaml --set finite_width.sabotage=head

# Two units stand for the width: what Θ − κ leaves the last layer of the Bayesian target is small, and its absence is seen.
standard='network={parameterization: standard, width: 2, layers: [dense: {sigma_w: 1.5, sigma_b: 0.3}, erf, dense: {sigma_w: 1.4, sigma_b: 0.9}]}'
passes 'standard parametrization' list.yaml --set "$standard" --set finite_width.training=gradient_descent \
  --set finite_width.stop.residual=1.0e-3 --set finite_width.networks=64
grep -q 'standard' log || fail 'the parametrization is not shown'
refused 4 'bayesian_rnd_law' list.yaml --set "$standard" --set finite_width.sabotage=last_layer --set finite_width.networks=256
passes 'standard parametrization in short' short.yaml --set network.parameterization=standard --set network.width=100 \
  --set finite_width.networks=48
passes 'standard parametrization, noise' list.yaml --set "$standard" --set noise_variance=0.2 --set finite_width.networks=48

# To the bit. The lists are of the same numbers as the network in short.
spell='finite_width={widths: [32, 64], networks: 16, heads: 2, training: gradient_descent, stop: {residual: 1.0e-3}}'
layer='dense: {sigma_w: 2.0, sigma_b: 0.3}'
study short.yaml --set output.directory=short --set "$spell" || [ $? = 4 ] || fail 'the network in short'
study list.yaml --set output.directory=spelled --set "$spell" --set "network={layers: [$layer, erf, $layer, erf, $layer]}" ||
  [ $? = 4 ] || fail 'the list that spells it out'
"$compare" short/finite.h5 spelled/finite.h5 0 || fail 'a list that spells out the network in short has other results'

refused 2 'network\.layers: .*one dense layer' list.yaml --set 'network={layers: [dense]}'
refused 2 'network\.parameterization.*network\.width' short.yaml --set network.parameterization=standard --set network.width=3
refused 2 'network\.parameterization.*sigma_b' short.yaml --set network.parameterization=standard --set network.width=64 \
  --set network.sigma_b=1.5

# What was measured of another list is no beginning.
if [ "$ranks" = 1 ]; then
  timeout -s TERM 1 "$program" finite list.yaml --set output.directory=stopped --set finite_width.networks=2000 >log 2>err
  if [ -e stopped/.finite.journal ]; then
    refused 2 'journal of an experiment with another' list.yaml --resume --set output.directory=stopped \
      --set finite_width.networks=2000 --set \
      'network={layers: [dense: {sigma_w: 2.0, sigma_b: 0.3}, erf, dropout: {keep: 0.7}, dense: {sigma_w: 1.0, sigma_b: 0.1}]}'
  fi
fi
exit $((failures > 0))
