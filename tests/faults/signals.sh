#!/usr/bin/env bash
# signals.sh PROGRAM LAUNCHER RANKS COMPARE HOLD: SIGUSR1 and SIGTERM, on ranks and on mpirun, during factorization and while a
# checkpoint is written: status 75, and the right results after --resume. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
make_case

# try NAME PLACE SIGNAL TARGET: TARGET is the last rank, or mpirun.
try() {
  fresh
  begin_held 0 "$2" run case.yaml
  if [ "$4" = mpirun ]; then
    kill "-$3" "$mpirun" # which passes it on, to rank 0 as well: that ends its being held
  else
    kill "-$3" "$(pid_of $((ranks - 1)))"
    release
  fi
  finish
  expect "$1" 75 'stopped by .*--resume'
  go_on "$1"
}

try 'USR1 on a rank in the factorization' pdsyrk_:5 USR1 rank
try 'USR1 on a rank at a checkpoint' rename:2 USR1 rank
try 'USR1 on mpirun' rename:2 USR1 mpirun
try 'TERM on a rank' pdsyrk_:5 TERM rank

### a second SIGTERM stops at once
fresh
begin_held 0 rename:3 run case.yaml
pid=$(pid_of $((ranks - 1)))
for _ in $(seq 100); do # more than one: they are one while the first is not yet handled
  kill -TERM "$pid" 2>/dev/null || break
  sleep 0.1
done
ends 30 "$pid" || failed 'two TERMs: the rank goes on'
finish
[ "$status" != 0 ] || failed 'two TERMs: exit status 0'
go_on 'two TERMs'

exit $((failures > 0))
