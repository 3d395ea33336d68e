#!/usr/bin/env bash
# wrong_factor.sh PROGRAM LAUNCHER RANKS LIBRARY: a factor that ScaLAPACK gets wrong without saying so ends a run with status 3
# and no results, in either precision; the other engine and the loop over the lower triangle's block columns do not use what is wrong and pass.
# Runs in a folder of its own.
set -uo pipefail
program=$1 launcher=$2 ranks=$3 library=$4
failures=0

# try NAME STATUS PATTERN ARGUMENT...: with the library that spoils factors
try() {
  local name=$1 expected=$2 pattern=$3 status=0
  shift 3
  rm -rf out
  # shellcheck disable=SC2086 # the launcher is a command with an option
  timeout -k 5 100 $launcher "$ranks" env LD_PRELOAD="$library" "$program" run case.yaml "$@" >log 2>&1 </dev/null ||
    status=$?
  [ "$status" = "$expected" ] && grep -Eq "$pattern" log && { [ -e out/results.h5 ] || [ "$expected" != 0 ]; } &&
    { [ ! -e out/results.h5 ] || [ "$expected" = 0 ]; } && return
  failures=$((failures + 1))
  echo "FAILED: $name: status $status, expected $expected, and $pattern"
  sed 's/^/  | /' log
}

cat >case.yaml <<'END'
name: case
synthetic: {train: 200, test: 20, dimension: 6}
network: {depth: 2, activation: erf}
noise_variance: 0.05
output: {directory: out}
END
try 'wrong factor' 3 'error: residual of the Cholesky factor of theta: .*FAILED'
try 'wrong factor of kappa' 3 'error: residual of the Cholesky factor of kappa: .*FAILED' --set 'quantities=[nngp]'
try 'wrong factor in single precision' 3 'error: residual .* theta.*FAILED' --set precision=mixed
try 'the other engine' 0 'theta .* PASSED' --set engine=lookahead
try 'the other engine in single precision' 0 'theta .* PASSED' --set engine=lookahead --set precision=mixed
try 'block column by block column' 0 'theta .* PASSED' --set checkpoint.directory=ckpt --set 'quantities=[ntk_gp]'
exit $((failures > 0))
