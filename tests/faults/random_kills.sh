#!/usr/bin/env bash
# random_kills.sh PROGRAM LAUNCHER RANKS COMPARE HOLD: kill -9 of a rank, of rank 0 or of mpirun at 20 random moments of a run that
# goes on each time from where it was. Any moment will do: nothing here depends on how fast the machine is. In a folder of
# its own.
#
# The run begins with its first line. Before it the ranks connect to their launcher, and one killed then can leave Open MPI's
# mpirun waiting for itself, all ranks gone (doc/operations.md).
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
make_case
RANDOM=20260223

first_line() {
  reaches 120 grep -q '^widelimit' log || ! kill -0 "$mpirun" 2>/dev/null || failed 'a run says nothing'
}

fresh
begin run case.yaml
first_line
began=${EPOCHREALTIME/./}
finish
expect 'the run that is timed' 0 'nngp'
milliseconds=$(((${EPOCHREALTIME/./} - began) / 1000))
fresh
for number in $(seq 20); do
  begin run case.yaml --resume
  first_line
  pause=$((RANDOM % (milliseconds + 1)))
  sleep "$(printf '%d.%03d' $((pause / 1000)) $((pause % 1000)))"
  pids=$(rank_pids)
  case $((number % 3)) in
    0) victim=$mpirun ;;
    1) victim=$(head -n 1 <<<"$pids") ;;
    *) victim=$(tail -n 1 <<<"$pids") ;;
  esac
  # shellcheck disable=SC2086 # a process number, or nothing where the ranks have not begun
  kill -9 ${victim:-$mpirun} 2>/dev/null
  finish
  # shellcheck disable=SC2086 # process numbers
  ranks_end $pids
  if [ -e out/results.h5 ]; then
    same "kill $number after $pause ms of about $milliseconds"
    rm -rf out
  fi
done
go_on 'after 20 kills'
exit $((failures > 0))
