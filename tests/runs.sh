# shellcheck shell=bash
# What tests of the program share. Sourced by scripts with the arguments PROGRAM LAUNCHER RANKS ..., which work in the current folder.
program=$1 launcher=$2 ranks=$3
failures=0

# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/.. source=ranks.sh
. "$(dirname "${BASH_SOURCE[0]}")/ranks.sh"

failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  sed 's/^/  | /' log
}

# on RANKS COMMAND ARGUMENT...: bounded in time; the output goes to log.
on() {
  local count=$1
  shift
  # shellcheck disable=SC2086 # the launcher is a command with an option
  timeout -k 5 150 $launcher "$count" "$program" "$@" >log 2>&1 </dev/null
}

# run_into FOLDER CONFIG SETTING...: a run with these settings on all ranks, whose results go to that folder, emptied before.
run_into() {
  local folder=$1 config=$2 setting settings=()
  shift 2
  for setting in "$@"; do settings+=(--set "$setting"); done
  rm -rf "$folder"
  on "$ranks" run "$config" --set "output.directory=$PWD/$folder" "${settings[@]}"
}

# refusal NAME WANTED STATUS PATTERN: the run before ended with the status that was wanted and one message, which has the pattern.
refusal() {
  [ "$3" = "$2" ] || failed "$1: exit status $3, expected $2"
  [ "$(grep -c '^widelimit: error: ' log)" = 1 ] || failed "$1: not one message"
  grep -Eq "$4" log || failed "$1: nothing matches $4"
}

# checkpoints_to LAST FOLDER: ckpt/ as it was when checkpoint number LAST was the newest of those kept in FOLDER, and no results.
checkpoints_to() {
  local file
  rm -rf ckpt out
  mkdir ckpt
  for file in "$2"/*.h5; do
    ((10#$(grep -oE '[0-9]{6}' <<<"${file##*/}") > 10#$1)) || cp "$file" ckpt/
  done
}
