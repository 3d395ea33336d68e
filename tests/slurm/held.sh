#!/usr/bin/env bash
# The program as the job of a test starts it: on the first HELD_ATTEMPTS attempts of the job, rank 0 is held as its first
# checkpoint is put in its place, until Slurm's signal comes. So a job meets its limit on machines of any speed.
set -u
if ((${SLURM_RESTART_COUNT:-0} < HELD_ATTEMPTS)); then
  export LD_PRELOAD=$HOLD_LIBRARY HOLD_AT=rename:1 HOLD_RANK=0
  export HOLD_FILE=$SLURM_SUBMIT_DIR/held.$SLURM_JOB_ID.${SLURM_RESTART_COUNT:-0}
fi
exec "$HELD_PROGRAM" "$@"
