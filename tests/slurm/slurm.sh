#!/usr/bin/env bash
# slurm.sh PROGRAM LAUNCHER RANKS COMPARE PROJECT: the job scripts, submitted to a private Slurm of four virtual nodes: a job
# that finishes; one that reaches its time limit three times, requeues itself and ends with the right results; an array; a
# job that is cancelled. Status 77 (skipped) where Slurm is not installed. Runs in a folder of its own.
set -uo pipefail
program=$1 compare=$4 project=$5
for tool in slurmctld slurmd sbatch; do
  PATH=$PATH:/usr/sbin
  command -v $tool >/dev/null || {
    echo "skipped: $tool is not installed (Debian: slurm-wlm)"
    exit 77
  }
done
failures=0
export WIDELIMIT=$program WIDELIMIT_JOBS=$project/jobs/slurm
# Virtual nodes share the host: no shared memory between ranks that believe to be on different ones.
export OMPI_MCA_btl=tcp,self OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_orte_keep_fqdn_hostnames=0

# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$(dirname "$0")/cluster.sh"
rm -rf cluster work
mkdir work
trap stop_cluster EXIT
trap 'exit 1' TERM INT
start_cluster "$PWD/cluster" || {
  tail -n 20 cluster/*.log
  echo 'FAILED: the private Slurm does not start'
  exit 1
}
cd work || exit 1

failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  tail -n 8 ./*.log ../cluster/slurmctld.log
}

submit() { sbatch --parsable --mem=500 "$@" | tail -n 1; }
field() { scontrol -o show job "$1" 2>/dev/null | head -n 1 | tr ' ' '\n' | sed -n "s/^$2=//p"; }

# await JOB SECONDS: until it has ended; prints its state.
await() {
  local state
  for _ in $(seq $((2 * $2))); do
    state=$(field "$1" JobState)
    case $state in COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL | OUT_OF_MEMORY) break ;; esac
    sleep 0.5
  done
  echo "$state"
}

# config NAME TRAIN BLOCK MINUTES
config() {
  cat >"$1.yaml" <<END
synthetic: {train: $2, test: 100, dimension: 4}
network: {depth: 2, activation: erf}
noise_variance: 1
grid: {block: $3}
checkpoint: {directory: ckpt, every_minutes: $4}
output: {directory: out-$1}
END
}

# same NAME TOLERANCE: the results are those of a run without Slurm on as many ranks.
same() { "$compare" "reference-$1/results.h5" "out-$1/results.h5" "$2" || failed "$1: other results"; }

mpi=(env -u OMPI_MCA_btl -u OMPI_MCA_btl_tcp_if_include mpirun -n 2)
config short 300 32 30
config long 1600 2 0
for name in short long; do
  "${mpi[@]}" "$program" run $name.yaml --set checkpoint.every_minutes=30 --set grid.block=64 \
    --set output.directory=reference-$name >reference.log 2>&1 || failed "reference $name"
done

### a job that takes its time is started first: it reaches its limit of one minute (SIGUSR1 near its start) three times
long=$(submit --nodes=1 --ntasks-per-node=2 --time=1 --signal=B:USR1@55 --output=long.log "$WIDELIMIT_JOBS/run.sbatch" long.yaml)

### a job that finishes, on two nodes
short=$(submit --nodes=2 --ntasks-per-node=1 --time=5 --output=short.log "$WIDELIMIT_JOBS/run.sbatch" short.yaml)
[ "$(await "$short" 60)" = COMPLETED ] || failed "the short job is $(field "$short" JobState)"
same short 1e-12

### an array
for depth in 1 2 3; do
  echo "short.yaml --set name=depth$depth --set network.depth=$depth --set output.directory=out-depth$depth"
done >sweep.txt
array=$(submit --array=1-3 --nodes=1 --ntasks-per-node=1 --time=5 --output=array-%a.log "$WIDELIMIT_JOBS/array.sbatch" sweep.txt)
for task in 1 2 3; do
  [ "$(await "${array}_$task" 60)" = COMPLETED ] || failed "array task $task is $(field "${array}_$task" JobState)"
  grep -q "depth: $task" out-depth$task/config.yaml || failed "array task $task has no results"
done

### a job that is cancelled: it ends, with a checkpoint and without results
config cancelled 1600 2 0
cancelled=$(submit --nodes=1 --ntasks-per-node=1 --time=5 --output=cancelled.log "$WIDELIMIT_JOBS/run.sbatch" cancelled.yaml)
for _ in $(seq 60); do
  grep -q 'checkpoint ckpt' cancelled.log 2>/dev/null && break
  sleep 0.5
done
scancel --full "$cancelled"
state=$(await "$cancelled" 60)
[ "$state" = CANCELLED ] || failed "the cancelled job is $state"
ls ckpt/cancelled.*.h5 >/dev/null 2>&1 || failed 'the cancelled job left no checkpoint'
[ ! -e out-cancelled/results.h5 ] || failed 'the cancelled job left results'

### the long job, at last: after its third limit it is let go
for _ in $(seq 300); do
  restarts=$(field "$long" Restarts)
  ((${restarts:-0} < 3)) || break
  case $(field "$long" JobState) in COMPLETED | FAILED | CANCELLED | TIMEOUT) break ;; esac
  sleep 0.5
done
((${restarts:-0} >= 3)) || failed "the long job was requeued ${restarts:-0} times, state $(field "$long" JobState)"
sed -i 's/every_minutes: 0/every_minutes: 30/; s/block: 2/block: 64/' long.yaml # it goes on with other blocks
scontrol update jobid="$long" TimeLimit=10 2>/dev/null
[ "$(await "$long" 90)" = COMPLETED ] || failed "the long job is $(field "$long" JobState)"
same long 1e-12
grep -q 'resumed  attempt [4-9]' long.log || failed 'the long job did not go on from its checkpoints'
exit $((failures > 0))
