#!/usr/bin/env bash
# reference.sh PROGRAM LAUNCHER RANKS CHECKER CASES: every reference case through the program and its files, on the
# grid it chooses and, where there is another, on the one turned by 90 degrees. Runs in a folder of its own.
set -euo pipefail
program=$1 launcher=$2 ranks=$3 checker=$4 cases=$5
failures=0

# check CASE FOLDER KIND SETTING...: KIND is empty, or -target
check() {
  local case=$1 folder=$2 kind=$3
  shift 3
  # shellcheck disable=SC2086 # the launcher is a command with an option
  if $launcher "$ranks" "$program" run "$folder/case.yaml" "$@" >"$folder/log" 2>&1 &&
    "$checker" "compare$kind" "$case" "$folder/out" >>"$folder/log" 2>&1; then
    rm -rf "$folder/out"
  else
    failures=$((failures + 1))
    cat "$folder/log"
    echo "FAILED: $launcher $ranks $program run $PWD/$folder/case.yaml $* && $checker compare$kind $case $PWD/$folder/out"
  fi
}

shapes=('' "--set grid.rows=$ranks --set grid.columns=1")
[ "$ranks" -gt 1 ] || shapes=('')
[ "$ranks" != 6 ] || shapes+=('--set grid.rows=3 --set grid.columns=2')
# check_all CASE FOLDER KIND: on all grids
check_all() {
  rm -rf "$2"
  mkdir "$2"
  "$checker" "write$3" "$1" "$2"
  for shape in "${shapes[@]}"; do
    # shellcheck disable=SC2086 # settings are words
    check "$1" "$2" "$3" $shape
  done
}

targets=0
for case in "$cases"/*.json; do
  folder=$(basename "$case" .json)
  check_all "$case" "$folder" ''
  grep -q '"target_network"' "$case" || continue
  check_all "$case" "$folder.target" -target
  targets=$((targets + 1))
done
[ "$targets" = 3 ] || failures=$((failures + 1))
exit $((failures > 0))
