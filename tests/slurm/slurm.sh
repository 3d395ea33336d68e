#!/usr/bin/env bash
# slurm.sh PROGRAM LAUNCHER RANKS COMPARE PROJECT HOLD: the job scripts, submitted to a private Slurm of four virtual nodes: a
# job that finishes; one that reaches its time limit three times, requeues itself and ends with the right results; an
# array; a job that is cancelled. HOLD is the library that holds a rank (tests/faults/hold.c), so that limits are met on
# machines of any speed. Status 77 (skipped) where Slurm is not installed, but in CI (CI=true). Runs in a folder of its own.
set -uo pipefail
program=$1 launcher=$2 compare=$4 project=$5
PATH=$PATH:/usr/sbin:/sbin
for tool in slurmctld slurmd sbatch; do
  command -v $tool >/dev/null && continue
  echo "skipped: $tool is not installed (Debian: slurm-wlm)"
  [ "${CI-}" != true ] || exit 1
  exit 77
done
failures=0
jobs=$project/jobs/slurm
export WIDELIMIT=$project/tests/slurm/held.sh
export WIDELIMIT_LAUNCH=${launcher%% *} # of the MPI of the program; within a job it needs no number
export HELD_PROGRAM=$program HELD_ATTEMPTS=0 HOLD_LIBRARY=$6
# Virtual nodes share the host: no shared memory between ranks that believe to be on different ones.
export OMPI_MCA_btl=tcp,self OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_orte_keep_fqdn_hostnames=0
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster=$PWD/cluster
trap stop_cluster EXIT
trap 'exit 1' TERM INT HUP
start_cluster "$cluster" || {
  echo 'FAILED: the private Slurm does not start'
  exit 1
}
# A busy machine may take its time: this bounds the test, it does not pace it.
deadline=$((SECONDS + 600))
rm -rf work
mkdir work
cd work || exit 1

failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  tail -n 15 ./*.log "$cluster"/*.log
}

submit() { sbatch --parsable --mem=500 --export="ALL,TEST_CLUSTER=$cluster" "$@" | tail -n 1; }
field() { timeout 20 scontrol -o show job "$1" 2>/dev/null | head -n 1 | tr ' ' '\n' | sed -n "s/^$2=//p"; }

# await COMMAND...: until it succeeds; status 1 at the deadline.
await() {
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.5
  done
}

# shellcheck disable=SC2317 # called by await
has_ended() { [[ $(field "$1" JobState) =~ ^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL|OUT_OF_MEMORY)$ ]]; }

# ends NAME JOB STATE
ends() {
  await has_ended "$2"
  local state
  state=$(field "$2" JobState)
  [ "$state" = "$3" ] || failed "$1 is $state, not $3"
}

# config NAME TRAIN
config() {
  cat >"$1.yaml" <<END
synthetic: {train: $2, test: 100, dimension: 4}
network: {depth: 2, activation: erf}
noise_variance: 1
grid: {block: 16}
checkpoint: {directory: ckpt, every_minutes: 0}
output: {directory: out-$1}
END
}

# same NAME TOLERANCE: the results are those of a run without Slurm on as many ranks.
same() { "$compare" "reference-$1/results.h5" "out-$1/results.h5" "$2" || failed "$1: other results"; }

# shellcheck disable=SC2206 # the launcher is a command with an option
mpi=(env -u OMPI_MCA_btl -u OMPI_MCA_btl_tcp_if_include $launcher 2)
config short 300
config long 600
config cancelled 600
for name in short long; do
  "${mpi[@]}" "$program" run $name.yaml --set checkpoint.every_minutes=30 --set output.directory=reference-$name \
    >reference.log 2>&1 || failed "reference $name"
done

### the longest is started first: on three attempts it is held until SIGUSR1 comes. Slurm sends that 20 to 50 s after the start
### (half a minute before it is due, when it looks next), which leaves every machine time to start and to stop.
long=$(HELD_ATTEMPTS=3 submit --nodes=1 --ntasks-per-node=2 --time=2 --signal=B:USR1@70 --output=long.log \
  "$jobs/run.sbatch" long.yaml)

### a job that is cancelled: it ends, with a checkpoint and without results
cancelled=$(HELD_ATTEMPTS=1 submit --nodes=1 --ntasks-per-node=1 --time=10 --output=cancelled.log \
  "$jobs/run.sbatch" cancelled.yaml)
await test -e "held.$cancelled.0" || failed 'the job to be cancelled does not run'
scancel --full "$cancelled"
ends 'the cancelled job' "$cancelled" CANCELLED
[ -n "$(find ckpt -name 'cancelled.*')" ] || failed 'the cancelled job left no checkpoint'
[ ! -e out-cancelled/results.h5 ] || failed 'the cancelled job left results'

### a job that finishes, on two nodes
short=$(submit --nodes=2 --ntasks-per-node=1 --time=10 --output=short.log "$jobs/run.sbatch" short.yaml)
ends 'the short job' "$short" COMPLETED
same short 1e-12
grep -q '^job .*n\[' short.log || failed 'the short job was not on two nodes'

### an array, of a copy of the scripts beside a program of their own: nothing but their place says where it is
mkdir -p elsewhere/jobs elsewhere/build
cp -r "$jobs" elsewhere/jobs/
ln -s "$program" elsewhere/build/widelimit
for depth in 1 2 3; do
  echo "short.yaml --set name=depth$depth --set network.depth=$depth --set output.directory=out-depth$depth"
done >sweep.txt
array=$(WIDELIMIT='' submit --array=1-3 --nodes=1 --ntasks-per-node=1 --time=10 --output=array-%a.log \
  elsewhere/jobs/slurm/array.sbatch sweep.txt)
for task in 1 2 3; do
  ends "array task $task" "${array}_$task" COMPLETED
  grep -q "depth: $task" out-depth$task/config.yaml || failed "array task $task has no results"
done

### the long job, at last
ends 'the long job' "$long" COMPLETED
restarts=$(field "$long" Restarts)
((${restarts:-0} >= 3)) || failed "the long job was requeued ${restarts:-0} times, not 3"
[ "$(grep -c 'stopped by SIGUSR1' long.log)" = "${restarts:-0}" ] || failed 'the long job did not stop at its limits'
grep -q "resumed  attempt $((restarts + 1))" long.log || failed 'the long job did not go on from its checkpoints'
same long 0
exit $((failures > 0))
