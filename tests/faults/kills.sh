#!/usr/bin/env bash
# kills.sh PROGRAM LAUNCHER RANKS COMPARE HOLD: kill -9 of a rank, of rank 0 and of mpirun in every phase, and --resume after
# each. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
export OMPI_MCA_odls_base_sigkill_timeout=0 # mpirun's patience with the ranks that are left: not what is tried here
make_case

# try PHASE RANK PLACE: with that rank held at a place that only this phase comes to.
try() {
  local victim pids target
  for target in "rank 0" "rank $((ranks - 1))" mpirun; do
    fresh
    begin_held "$2" "$3" run case.yaml
    pids=$(rank_pids)
    victim=$mpirun
    [ "$target" = mpirun ] || victim=$(pid_of "${target#rank }")
    kill -9 "$victim"
    sleep 0.2 # the others, if they notice, notice it while this rank is held
    release
    finish
    # shellcheck disable=SC2086 # process numbers
    ranks_end $pids
    [ "$status" != 0 ] || failed "$target killed in $1: exit status 0"
    [ ! -e out/results.h5 ] || same "$target killed in $1" # what is in place is whole
    go_on "$target killed in $1"
  done
}

try 'the assembly' 1 cblas_dgemm:3
try 'the factorization' 1 pdsyrk_:4
try 'the writing of a checkpoint' 0 strip:2
try 'the renaming of a checkpoint' 0 rename:2
try 'the prediction' 1 pdgemm_:1
try 'the sampling' 1 pdgemm_:3
try 'the commit of results' 0 commit:1
exit $((failures > 0))
