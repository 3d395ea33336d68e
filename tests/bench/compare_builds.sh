#!/usr/bin/env bash
# Two builds of the program in turn on the same problems: a table of medians and of their ratio. On an idle machine;
# doc/performance.md has what came of it.
set -euo pipefail

usage() {
  cat <<'END'
usage: tests/bench/compare_builds.sh [-k REPEATS] OLD NEW [CASE...]

OLD and NEW are two widelimit programs. Each case is run REPEATS (5) times by each, OLD NEW OLD NEW ..., and the table
has the medians and OLD / NEW: above 1, NEW is faster.

  cholesky12000 cholesky20000   seconds of the Cholesky factorization, 2 ranks; the
                                run's share of DGEMM and its peak memory with it
  checkpoints12000              the same in a run with checkpoints, none written
  ranks4 ranks6                 the same, n = 8,000, and by NEW's other engine
  mixed20000                    a whole run, precision: mixed, m = 100
  small                         n = 2,000, m = 500: share of DGEMM
  covariance                    n = 300, m = 17,000 with covariance: share of DGEMM

Without cases: all. Adapt: WIDELIMIT_LAUNCH ("mpirun -n").
END
}

repeats=5
[ "${1-}" != --help ] || set -- -h
while getopts k:h option; do
  case $option in
    k) repeats=$OPTARG ;;
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
if (($# < 2)); then
  usage >&2
  exit 2
fi
# shellcheck disable=SC2034 # in_turn reads them by name
old=$(realpath "$1") new=$(realpath "$2")
shift 2
# shellcheck source-path=SCRIPTDIR/../../jobs source=setup.sh
. "$(dirname "$0")/../../jobs/setup.sh"
mpi_environment
export OPENBLAS_NUM_THREADS=1
read -ra launch <<<"${WIDELIMIT_LAUNCH:-mpirun -n}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# phase NAME FILE: seconds of the slowest rank in a summary
phase() { sed -n "/\"$1\": {/,/}/p" "$2" | sed -n 's/^ *"max": \([-+.0-9eE]*\).*/\1/p' | sed -n 1p; }

# bench PROGRAM RANKS ARGUMENT...: bench.json
bench() {
  local program=$1 ranks=$2
  shift 2
  "${launch[@]}" "$ranks" "$program" bench --repeats 1 "$@" --json "$folder/bench.json" >"$folder/log" 2>&1 ||
    fail "$(cat "$folder/log")"
}

# run PROGRAM RANKS SETTING...: summary.json
run() {
  local program=$1 ranks=$2 settings=(--set "output.directory=$folder/out") setting
  shift 2
  for setting in "$@"; do settings+=(--set "$setting"); done
  rm -rf "$folder/out"
  "${launch[@]}" "$ranks" "$program" run inputs/synthetic/n20000.yaml "${settings[@]}" >"$folder/log" 2>&1 ||
    fail "$(cat "$folder/log")"
  cp "$folder/out/summary.json" "$folder/summary.json"
}

# row NAME OLD-NUMBERS NEW-NUMBERS
row() {
  local a b
  a=$(median <"$2") b=$(median <"$3")
  awk -v name="$1" -v a="$a" -v b="$b" 'BEGIN { printf "  %-44s %10.4g %10.4g %8.3f\n", name, a, b, (b > 0 ? a / b : 0) }'
}

# in_turn FUNCTION: FUNCTION PROGRAM prints "what number" lines; collected by side
in_turn() {
  local side program what value i
  rm -f "$folder"/old.* "$folder"/new.*
  for ((i = 0; i < repeats; i++)); do
    for side in old new; do
      program=${!side}
      while read -r what value; do echo "$value" >>"$folder/$side.$what"; done < <("$@" "$program")
    done
  done
  for what in "$folder"/old.*; do
    what=${what##*/old.}
    row "$case $what" "$folder/old.$what" "$folder/new.$what"
  done
}

cholesky() { # N TEST RANKS PROGRAM; by ENGINE, where the program has several
  local options=()
  [ "$4" = "$old" ] || options=("--${engine:-scalapack}")
  bench "$4" "$3" --n "$1" --test "$2" "${options[@]}"
  echo "factor_seconds $(number factor_seconds "$folder/bench.json")"
  echo "run_seconds $(number run_seconds "$folder/bench.json")"
  echo "run_share_of_dgemm $(number run_ratio "$folder/bench.json")"
  echo "peak_bytes $(number peak_rss_bytes_sum "$folder/bench.json")"
}

checkpoints() { # N PROGRAM
  run "$2" 2 "synthetic.train=$1" synthetic.test=100 "checkpoint.directory=$folder/checkpoints" checkpoint.every_minutes=60
  echo "factor_theta_seconds $(phase factor_theta "$folder/summary.json")"
  echo "factor_kappa_seconds $(phase factor_kappa "$folder/summary.json")"
}

mixed() { # N TEST PROGRAM
  run "$3" 2 "synthetic.train=$1" "synthetic.test=$2" precision=mixed
  echo "run_seconds $(number wall "$folder/summary.json")"
}

covariance() { # PROGRAM
  run "$1" 2 synthetic.train=300 synthetic.test=17000 output.covariance=true
  echo "predict_theta_seconds $(phase predict_theta "$folder/summary.json")"
  echo "predict_kappa_seconds $(phase predict_kappa "$folder/summary.json")"
}

lookahead() { engine=lookahead cholesky "$@"; } # which an older program knows alone

(($# > 0)) || set -- cholesky12000 cholesky20000 checkpoints12000 ranks4 ranks6 mixed20000 small covariance
printf '  %-44s %10s %10s %8s\n' "median of $repeats" old new 'old/new'
for case in "$@"; do
  case $case in
    cholesky12000) in_turn cholesky 12000 100 2 ;;
    cholesky20000) in_turn cholesky 20000 1000 2 ;;
    checkpoints12000) in_turn checkpoints 12000 ;;
    ranks4 | ranks6)
      in_turn cholesky 8000 100 "${case#ranks}"
      case+=" lookahead"
      in_turn lookahead 8000 100 "${case//[^0-9]/}"
      ;;
    mixed20000) in_turn mixed 20000 100 ;;
    small) in_turn cholesky 2000 500 2 ;;
    covariance) in_turn covariance ;;
    *) refuse "no case $case" ;;
  esac
done
