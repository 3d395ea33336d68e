#!/usr/bin/env bash
# Holds `widelimit plan` against runs: for each number of ranks and each n, calibrates, plans, runs, and compares the phases.
# On an idle machine; doc/performance.md has the table.
set -euo pipefail

usage() {
  cat <<'END'
usage: tests/bench/check_plan.sh [-r "RANKS..."] [-n "SIZES..."] [-k REPEATS]
                                 [-c CORES] [FOLDER]

Measures rates with as many ranks, but no more than there are cores (-c), and compares the plan with the fastest of
REPEATS runs of inputs/synthetic/n20000.yaml with synthetic.train=n. FOLDER (out/check_plan) gets table.txt, the table
that is also printed, and all JSON.

  -r  ("1 2")        -n  ("4000 8000 12000 20000")        -k  (3)        -c  (as many as there are)

Adapt: WIDELIMIT (build/widelimit), WIDELIMIT_LAUNCH ("mpirun -n").
END
}

sizes="4000 8000 12000 20000" rank_counts="1 2" repeats=3 cores=$(nproc)
[ "${1-}" != --help ] || set -- -h
while getopts r:n:k:c:h option; do
  case $option in
    r) rank_counts=$OPTARG ;;
    n) sizes=$OPTARG ;;
    k) repeats=$OPTARG ;;
    c) cores=$OPTARG ;;
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

# shellcheck source-path=SCRIPTDIR/../../jobs source=setup.sh
. "$(dirname "$0")/../../jobs/setup.sh"
mpi_environment
export OPENBLAS_NUM_THREADS=1
folder=${1-out/check_plan} program=${WIDELIMIT:-build/widelimit} input=inputs/synthetic/n20000.yaml
read -ra launch <<<"${WIDELIMIT_LAUNCH:-mpirun -n}"
mkdir -p "$folder"
folder=$(realpath "$folder")

# The phases of a summary (the slowest rank) or of a plan: lines "phase seconds"; and "bytes" with the memory of all.
phases() {
  awk '
    !depth && /"seconds": \{/ { depth = match($0, /[^ ]/); next }
    depth > 0 && match($0, /[^ ]/) == depth { depth = -1 }
    depth > 0 { gsub(/[",:{}]/, "") }
    depth > 0 && NF == 1 { phase = $1 }
    depth > 0 && NF == 2 && match($1, /^(min|mean|max|slowest_rank|gflops)$/) { if ($1 == "max") print phase, $2; next }
    depth > 0 && NF == 2 { print $1, $2 }' "$1"
  sed -n '/"bytes_node"/,/}/p' "$1" | sed -n 's/.*"all": \([-+.0-9eE]*\).*/bytes \1/p' | sed -n 1p
  sed -n 's/.*"peak_rss_bytes_sum": \([-+.0-9eE]*\).*/bytes \1/p' "$1"
}

{
  echo "  ranks      n  phase             plan s   measured s    plan / measured"
  for ranks in $rank_counts; do
    for n in $sizes; do
      base=$folder/$ranks-$n
      own=$((ranks < cores ? ranks : cores))
      "${launch[@]}" "$own" "$program" bench --calibrate --json "$base-rates.json" >"$base-rates.txt"
      best=
      for ((k = 1; k <= repeats; k++)); do
        rm -rf "$base-out"
        "${launch[@]}" "$ranks" "$program" run "$input" --set synthetic.train="$n" --set output.directory="$base-out" >"$base.txt"
        wall=$(phases "$base-out/summary.json" | sed -n 's/^wall //p')
        if [ -z "$best" ] || awk -v a="$wall" -v b="$best" 'BEGIN { exit !(a < b) }'; then
          best=$wall
          cp "$base-out/summary.json" "$base-summary.json"
        fi
      done
      rm -rf "$base-out"
      "$program" plan "$input" --set synthetic.train="$n" --ranks "$ranks" --calibration "$base-rates.json" --json "$base-plan.json" >"$base-plan.txt"
      join <(phases "$base-plan.json" | sort) <(phases "$base-summary.json" | sort) | awk -v ranks="$ranks" -v n="$n" '
        $1 == "bytes" { last = sprintf("  %5d %6d  %-14s %6.2f GiB %8.2f GiB %15.2f\n", ranks, n, "memory", $2 / 2 ^ 30, $3 / 2 ^ 30, $2 / $3); next }
        $2 > 0.02 { printf "  %5d %6d  %-14s %10.2f %12.2f %15.2f\n", ranks, n, $1, $2, $3, $2 / $3 }
        END { printf "%s", last }'
    done
  done
} | tee "$folder/table.txt"
