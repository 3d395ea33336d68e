#!/usr/bin/env bash
# Draws time, memory and efficiency of solvers over ranks.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/plot_solvers.sh CSV [FIGURE]

CSV is from jobs/scaling_solvers.sh; the figure (.svg or .png) goes beside it unless told otherwise. Efficiency is that of
a core against the fewest ranks of each solver; beyond CORES (of this machine), ranks take turns. Needs gnuplot (Debian:
gnuplot-nox).
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
cores=${CORES:-$(nproc)}

# For each solver a file: ranks, seconds, GiB over all ranks, efficiency of a core; and the table on the console.
awk -F, -v folder="$columns" -v cores="$cores" '
  NR == 1 {
    for (i = 1; i <= NF; i++) at[$i] = i
    if (!("solver" in at && "wall_seconds" in at)) exit 1
    print "  solver       ranks         n    seconds   speed-up   efficiency   memory, GiB"
    next
  }
  {
    solver = $at["solver"]; ranks = $at["ranks"]; seconds = $at["wall_seconds"]; gib = $at["peak_rss_bytes_sum"] / 2 ^ 30
    used = ranks < cores ? ranks : cores
    if (!(solver in first)) {
      first[solver] = seconds * used; fewest[solver] = seconds
      print solver > (folder "/solvers")
    }
    efficiency = first[solver] / (used * seconds)
    print ranks, seconds, gib, efficiency > (folder "/" solver)
    printf "  %-10s %7d %9d %10.3f %10.2f %10.0f %% %13.3f\n", solver, ranks, $at["n"], seconds, fewest[solver] / seconds, 100 * efficiency, gib
  }' "$csv" || refuse "$csv is not from jobs/scaling_solvers.sh"
[ -s "$columns/solvers" ] || refuse "$csv has no runs"
draw plot_solvers "$figure" "$cores"
