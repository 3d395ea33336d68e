#!/usr/bin/env bash
# command_line.sh PROGRAM LAUNCHER RANKS INPUT COMPARE: what the program says of itself, and that what a run leaves behind runs
# again and gives the same. Runs in a folder of its own.
set -euo pipefail
program=$1 launcher=$2 ranks=$3 input=$4 compare=$5
launch=()
# shellcheck disable=SC2206 # the launcher is a command with an option
[ "$ranks" = 1 ] || launch=($launcher "$ranks")

# says PATTERN ARGUMENT...: status 0, nothing on standard error, and the pattern once (one rank speaks).
says() {
  local pattern=$1
  shift
  "${launch[@]}" "$program" "$@" >out.txt 2>err.txt
  if [ -s err.txt ] || [ "$(grep -cE "$pattern" out.txt)" != 1 ]; then
    cat out.txt err.txt
    echo "FAILED: $* does not say '$pattern' once"
    exit 1
  fi
}

says '^  run ' --help
says '^usage: .*widelimit run' run --help
says '^usage: .*widelimit tune' help tune
says '^widelimit [0-9]+\.[0-9]+\.[0-9]+$' --version

rm -rf first second elsewhere
says '^  ntk ' run "$input" --set output.directory=first --set network.depth=2
grep -q 'depth: 2' first/config.yaml
mkdir -p elsewhere
cd elsewhere
says '^  ntk ' run ../first/config.yaml --set output.directory=../second
cd ..
"$compare" first/results.h5 second/results.h5 0
[ "$(find first second -type f | wc -l)" = 8 ] # results.h5, summary.json, config.yaml, run.log and nothing else
