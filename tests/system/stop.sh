#!/usr/bin/env bash
# stop.sh PROGRAM LAUNCHER RANKS COMPARE TOY HOLD: two runs that want the same checkpoints, and what ends a run early: in the draws,
# by way of mpirun, in a study of finite networks. Each goes on to the right results. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
compare=$4 toy=$5 hold=$6

cat >case.yaml <<'END'
name: case
synthetic: {train: 1500, test: 60, dimension: 6}
network: {depth: 2, activation: erf}
noise_variance: 0.05
quantities: [ntk_gp]
grid: {block: 32}
checkpoint: {directory: ckpt, every_minutes: 30}
output: {directory: out}
END
rm -rf ckpt out other reference
begin run case.yaml --set output.directory=reference
finish
expect 'the reference run' 0 'ntk_gp'
[ -z "$(ls -A ckpt)" ] || failed 'something is left in the folder of the checkpoints'

### two runs with the same checkpoints: the second ends, the first does not notice. A killed one is not in the way.
begin_held 0 rename:3 run case.yaml --set checkpoint.every_minutes=0
# shellcheck disable=SC2086
timeout -k 5 300 $launcher "$ranks" "$program" run case.yaml --resume --set output.directory=other >second 2>&1 </dev/null
second=$?
release
finish
[ "$status" = 0 ] || failed "two runs: the first ended with $status"
[ $second = 5 ] || failed "two runs: the second ended with $second: $(cat second)"
grep -Eq '^widelimit: error: ckpt: the checkpoints of case are in use by process [0-9]+ on ' second || failed 'two runs: no message'
"$compare" reference/results.h5 out/results.h5 0 || failed 'two runs: other results'

begin_held 0 rename:3 run case.yaml --set checkpoint.every_minutes=0
mapfile -t pids < <(rank_pids)
kill -9 "$mpirun"
finish
ranks_end "${pids[@]}"
release
[ -e ckpt/.case.lock ] || failed 'killed: no lock was there'
rm -rf out
begin run case.yaml --resume
finish
expect 'after kill -9' 0 'attempt 2'
"$compare" reference/results.h5 out/results.h5 0 || failed 'after kill -9: other results'

### SIGTERM to mpirun, which Open MPI hands on after as many seconds as it then gives the ranks. Rank 0 is held until then.
rm -rf out
export OMPI_MCA_odls_base_sigkill_timeout=10
begin_held 0 pdsyrk_:2 run case.yaml --set name=late
kill -TERM "$mpirun"
finish
unset OMPI_MCA_odls_base_sigkill_timeout
[ "$status" != 0 ] || failed 'TERM to mpirun: status 0'
[ -n "$(find ckpt -name 'late.*.h5')" ] || failed 'TERM to mpirun: no checkpoint'
begin run case.yaml --resume --set name=late
finish
expect 'after TERM to mpirun' 0 'attempt 2'
"$compare" reference/results.h5 out/results.h5 0 || failed 'after TERM to mpirun: other results'

# study FOLDER [OPTION]: of 192 networks
study() {
  begin finite "$toy" --set output.directory="$PWD/$1" --set \
    'finite_width={widths: [32, 64, 128], networks: 64, heads: 4, stop: {residual: 1.0e-3}}' "${@:2}"
}

# shellcheck disable=SC2317 # called by reaches
has_measured_some() { [ "$(stat -c %s stopped/.finite.journal 2>/dev/null || echo 0)" -gt 20000 ]; }

### a study of finite networks: SIGTERM to a rank, SIGUSR1 to mpirun
rm -rf whole
study whole
finish
for signal in TERM USR1; do
  rm -rf stopped
  study stopped
  reaches 120 has_measured_some || true # one that is through by then is no failure
  if [ $signal = TERM ]; then kill -TERM "$(pid_of $((ranks - 1)))"; else kill -USR1 "$mpirun"; fi
  finish
  if [ "$status" != 0 ]; then
    expect "finite, $signal" 75 '^widelimit: error: stopped by .*: [0-9]+ of 192 networks are measured; run it again with --resume'
    study stopped --resume
    finish
    grep -Eq 'resumed  [1-9][0-9]* of 192 networks' log || failed "finite, $signal: did not go on"
  fi
  "$compare" whole/finite.h5 stopped/finite.h5 0 || failed "finite, $signal: other results"
done
exit $((failures > 0))
