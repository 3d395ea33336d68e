#!/usr/bin/env bash
# Plans of large runs on more and more nodes: a table, a CSV and the figure of doc/performance.md.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/plan_large.sh [-n "SIZES..."] [-c CORES] [-m MEMORY] [-a NAME=VALUE]...
                          [-r FILE] [FIGURE]

Asks widelimit plan for runs of SIZES (131072 262144 524288 1048576) training points,
1,000 test points of dimension 64, all quantities, on 1 to 1,024 nodes of CORES (64)
cores and MEMORY (256G), one rank a core. -a: an assumption about that machine, such
as network_gbytes=25; -r: rates measured by widelimit bench --calibrate. Nothing is
computed. FIGURE (.svg or .png) is plan_large.svg in this folder unless told otherwise.
Adapt: WIDELIMIT (build/widelimit). Needs gnuplot (Debian: gnuplot-nox).
END
}

sizes="131072 262144 524288 1048576" cores=64 memory=256G calibration='' options=()
[ "${1-}" != --help ] || set -- -h
while getopts n:c:m:a:r:h option; do
  case $option in
    n) sizes=$OPTARG ;;
    c) cores=$OPTARG ;;
    m) memory=$OPTARG ;;
    a) options+=(--assume "$OPTARG") ;;
    r) calibration=$OPTARG ;;
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

# shellcheck source-path=SCRIPTDIR source=plotting.sh
. "$(dirname "$0")/plotting.sh"
program=${WIDELIMIT:-build/widelimit} figure=$(from_caller "${1-plan_large.svg}")
if [ -n "$calibration" ]; then options+=(--calibration "$(from_caller "$calibration")"); fi

# value KEY: the first number, word or truth value with that key in the plan
value() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" "$columns/plan.json" | sed -n 1p; }

# bytes of a node
bytes() { sed -n '/"bytes_node"/,/}/p' "$columns/plan.json" | sed -n 's/.*"all": \([-+.0-9eE]*\).*/\1/p' | sed -n 1p; }

# limited_by: what keeps this run from being possible, or from being faster
limited_by() {
  if [ "$(value fits_indices)" = false ]; then
    echo "32-bit indices"
  elif [ "$(value fits_memory)" = false ]; then
    echo "memory"
  else
    value limit
  fi
}

echo "        n     cores    nodes        grid  GiB a node      time  % of ideal  node hours  limited by"
for n in $sizes; do
  : >"$columns/$n"
  for nodes in 1 2 4 8 16 32 64 128 256 512 1024; do
    rm -f "$columns/plan.json"
    "$program" plan inputs/synthetic/n20000.yaml --train "$n" --nodes "$nodes" --cores-per-node "$cores" \
      --memory-per-node "$memory" "${options[@]}" --json "$columns/plan.json" >"$columns/out" 2>"$columns/err" || true
    [ -s "$columns/plan.json" ] || fail "$(cat "$columns/err")"
    limit=$(limited_by)
    printf '%s|%s|%s|%s x %s|%s|%s|%s\n' "$n" $((nodes * cores)) "$nodes" "$(value grid_rows)" "$(value grid_columns)" \
      "$(bytes)" "$(value wall)" "$limit" >>"$columns/$n"
  done
  awk -F'|' -v fitting="$columns/$n.time" '
    { fits = $7 != "memory" && $7 != "32-bit indices" }
    fits && !first { first = $3 * $6 }
    !fits { printf "%9d %9d %8d %11s %11.0f %9s %11s %11s  %s\n", $1, $2, $3, $4, $5 / 2 ^ 30, "-", "-", "-", $7 }
    fits {
      t = $6 < 600 ? sprintf("%.0f s", $6) : $6 < 36000 ? sprintf("%.0f min", $6 / 60) : sprintf("%.1f h", $6 / 3600)
      printf "%9d %9d %8d %11s %11.0f %9s %11.0f %11.3g  %s\n", $1, $2, $3, $4, $5 / 2 ^ 30, t, 100 * first / ($3 * $6), $3 * $6 / 3600, $7
      print $2, $6, first / ($3 * $6) >fitting
    }' "$columns/$n"
done
draw plan_large "$figure" "$sizes"
