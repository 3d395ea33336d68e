#!/usr/bin/env bash
# bad_draws.sh PROGRAM LAUNCHER RANKS TOY: what bad sampling and certify sections get: the exit status, one message that
# names what is wrong, no results. Runs in a folder of its own.
set -uo pipefail
export OMPI_MCA_odls_base_sigkill_timeout=0 # ranks that fail have said so before the first of them ends
program=$1 launcher=$2 ranks=$3 toy=$4
failures=0 count=0
# shellcheck disable=SC2206 # the launcher is a command with an option
launch=($launcher "$ranks")

# bad STATUS PATTERN COMMAND SETTING...
bad() {
  local status=$1 pattern=$2 command=$3 actual=0 settings=() setting
  shift 3
  for setting in "$@"; do settings+=(--set "$setting"); done
  rm -rf out
  timeout -k 5 60 "${launch[@]}" "$program" "$command" "$toy" --set output.directory=out "${settings[@]}" >log 2>err || actual=$?
  count=$((count + 1))
  if [ "$actual" = "$status" ] && [ "$(grep -c '^widelimit: error: ' err)" = 1 ] &&
    grep -Eq "^widelimit: error: .*($pattern)" err && [ -z "$(find out -type f 2>/dev/null)" ]; then
    return
  fi
  failures=$((failures + 1))
  printf 'FAILED: %s %s: exit status %s, expected %s with %s\n' "$command" "$*" "$actual" "$status" "$pattern"
  sed 's/^/  | /' err
  find out -type f 2>/dev/null
}

for kind in posterior ensemble rnd bayesian_rnd; do
  bad 2 "sampling\.$kind.*-1.*at least 0" run "sampling.$kind=-1"
  bad 2 "sampling\.$kind.*integer" run "sampling.$kind=1.5"
  bad 2 'nothing to draw' run "sampling.$kind=0"
done
bad 2 'nothing to draw' run 'sampling={}'
bad 2 'sampling\.posterior.*needs ntk_gp' run 'quantities=[ensemble]' sampling.posterior=3
bad 2 'sampling\.ensemble.*needs ensemble' run 'quantities=[rnd]' sampling.ensemble=3
bad 2 'sampling\.rnd.*needs rnd' run 'quantities=[nngp]' sampling.rnd=3
bad 2 'sampling\.bayesian_rnd.*needs bayesian_rnd' run 'quantities=[ntk_gp]' sampling.bayesian_rnd=3
bad 2 'unknown key.*sampling|sampling.*unknown key' run sampling.prior=3
bad 5 'disk has' run sampling.posterior=1000000000000
bad 2 'memory' run sampling.bayesian_rnd=1000000000000
bad 2 'certify\.heads.*at least 1' certify certify.heads=0
bad 2 'certify\.heads.*at least 1' run certify.heads=-4
bad 2 'certify\.replicates.*at least 2' certify certify.replicates=1
bad 2 'certify\.false_alarm' certify certify.false_alarm=0
bad 2 'certify\.false_alarm.*below 1' certify certify.false_alarm=1
bad 2 'certify\.sabotage.*plain_target' certify certify.sabotage=luck
bad 2 'quantities.*lacks rnd' certify 'quantities=[ensemble, bayesian_rnd, ntk_gp]'
bad 2 'quantities.*lacks ensemble' run 'quantities=[ntk_gp]' certify.heads=4
bad 2 'memory' certify certify.heads=100000000

# another target network for RND: given whole, and refused by name where it is not there
target='rnd={target: {depth: 2, activation: erf, sigma_w: 1.5, sigma_b: 0.1}}'
bad 2 'rnd\.target\.sigma_b: is missing.*whole' run 'rnd={target: {depth: 2, activation: erf, sigma_w: 1.5}}'
bad 2 'rnd\.target\.activation: is missing.*whole' run rnd.target.depth=3
bad 2 'rnd\.target\.depth.*at least 1' run "$target" rnd.target.depth=0
bad 2 'rnd\.target\.depth: is 2000' run "$target" rnd.target.depth=2000
bad 2 'rnd\.target\.activation.*relu' run "$target" rnd.target.activation=rely
bad 2 'rnd\.target\.slope: belongs to leaky_relu, but rnd\.target\.activation is erf' run "$target" rnd.target.slope=0.2
bad 2 'rnd\.target\.slope: is 1' run "$target" rnd.target.activation=leaky_relu rnd.target.slope=1
bad 2 'rnd\.target\.breadth: unknown key' run "$target" rnd.target.breadth=3
bad 2 'rnd\.target: is given, but rnd is not among' run "$target" 'quantities=[ensemble]'
bad 2 'precision: is mixed.*rnd\.target' run "$target" precision=mixed output.kernels=false output.covariance=false
bad 2 'loo: has no rnd with rnd\.target' run "$target" loo=true
bad 2 'select\.by: is rnd' run "$target" 'select={count: 2, by: rnd}' "data.pool.inputs=$(dirname "$toy")/test.csv:1"
bad 2 'certify\.sabotage: is own_target' certify certify.sabotage=own_target
bad 2 'certify\.sabotage: is no_half' certify "$target" certify.sabotage=no_half
bad 2 'finite_width\.sabotage: is shared' run "$target" finite_width.sabotage=shared
bad 3 "RND's target network: the variance of point 1 in layer" run "$target" rnd.target.sigma_w=1e80

echo "$((count - failures)) of $count cases passed"
exit $((failures > 0))
