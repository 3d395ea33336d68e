#!/usr/bin/env bash
# Draws time, speed-up and efficiency of a scaling study.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/plot_scaling.sh CSV [FIGURE]

CSV is from jobs/scaling.sh; the figure (.svg or .png) goes beside it unless told otherwise. Speed-up and efficiency go
by model flops per second, against the fewest ranks of each size, so that they mean the same for strong and for weak
scaling; the time by the other engine, lookahead, stands beside that of the default one. CORES: how many cores there are
in all (of this machine), where ranks begin to take turns. Needs gnuplot (Debian: gnuplot-nox).
END
}

if (($# == 0)); then
  usage >&2
  exit 2
fi
# shellcheck source-path=SCRIPTDIR source=plotting.sh
. "$(dirname "$0")/plotting.sh"
csv=$(from_caller "$1")
figure=$(from_caller "${2-${1%.csv}.svg}")
[ -f "$csv" ] || refuse "$csv is missing"

# For each size a file: ranks, seconds, speed-up, efficiency, seconds by lookahead; and the table on the console.
awk -F, -v folder="$columns" '
  NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
  {
    n = $at["n"]; seconds = $at["run_seconds"]; ranks = $at["ranks"]
    rate = (2 / 3 * n ^ 3 + 5 * n ^ 2 * $at["test"]) / seconds
    key = $at["size"]
    if (!(key in first)) {
      first[key] = rate / ranks
      print key > (folder "/sizes")
      printf "\n  %s scaling, n = %s%s\n", $at["kind"], key, $at["kind"] == "weak" ? " on one rank" : ""
      print "   ranks         n    seconds   Gflop/s   speed-up   efficiency   of DGEMM   lookahead, s"
    }
    speedup = rate / first[key]
    other = "lookahead_run_seconds" in at ? $at["lookahead_run_seconds"] : "NaN"
    print ranks, seconds, speedup, speedup / ranks, other > (folder "/" key)
    printf "  %6d %9d %10.3f %9.1f %10.2f %10.0f %% %8.0f %% %14s\n", ranks, n, seconds, rate / 1e9, speedup, 100 * speedup / ranks, 100 * $at["run_ratio"], other == "NaN" ? "-" : sprintf("%.3f", other)
  }' "$csv"
[ -s "$columns/sizes" ] || refuse "$csv has no runs"
kind=$(awk -F, 'NR == 2 { print $1 }' "$csv")
draw plot_scaling "$figure" "$kind" "${CORES:-$(nproc)}"
