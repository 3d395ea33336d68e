#!/usr/bin/env bash
# One run on this machine that goes on by itself until it is done, as jobs/slurm/run.sbatch does under Slurm.
set -uo pipefail

usage() {
  cat <<'END'
usage: jobs/local.sh [-n RANKS] [-t HH:MM:SS] CONFIG [--set KEY=VALUE]...

  -n  ranks (2)
  -t  time for each attempt, after which it stops with a checkpoint and starts anew
      (to try a queue's limit at home)

The configuration needs a checkpoint section (checkpoint: {directory: ckpt}). An
attempt that is killed (a status above 128) is followed by another, at most five
times. Ctrl-C or SIGTERM end the run with a checkpoint; the same command goes on
from it. Adapt: WIDELIMIT (build/widelimit of this script's project, else widelimit
in the path) and WIDELIMIT_LAUNCH (mpirun -n), the launcher with its flag for ranks.
END
}

ranks=2 limit=()
[ "${1-}" != --help ] || set -- -h
while getopts n:t:h option; do
  case $option in
    n) ranks=$OPTARG ;;
    t) limit=(--time-limit "$OPTARG") ;;
    h)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done
shift $((OPTIND - 1))
if (($# == 0)); then
  usage >&2
  exit 2
fi
config=$1
shift
program=${WIDELIMIT:-$(dirname "$0")/../build/widelimit}
[ -x "$program" ] || [ -n "${WIDELIMIT-}" ] || program=widelimit
read -ra launch <<<"${WIDELIMIT_LAUNCH:-mpirun -n}"

ended=
trap 'ended=yes; kill -USR1 "$run" 2>/dev/null' TERM INT

# attempt ARGUMENT...: in a session of its own, so that Ctrl-C reaches this script alone.
attempt() {
  setsid "${launch[@]}" "$ranks" "$program" run "$config" --resume "$@" &
  run=$!
  local status=129
  while ((status > 128)) && kill -0 $run 2>/dev/null; do
    wait $run
    status=$?
  done
  wait $run
}

deaths=0
while :; do
  attempt "${limit[@]}" "$@"
  status=$?
  [ -z "$ended" ] || exit $status
  if ((status > 128)); then
    deaths=$((deaths + 1))
    ((deaths <= 5)) || exit $status
    echo "killed (status $status), once more" >&2
  elif ((status != 75)); then
    exit $status
  fi
done
