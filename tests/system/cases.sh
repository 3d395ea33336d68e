#!/usr/bin/env bash
# cases.sh PROGRAM LAUNCHER RANKS CHECK_CASE CASES [NAME...]: each folder of CASES (or those named) holds a small input, the
# commands `cmd` that use it, and in `want` how that must end (check_case.c says what stands there). The commands run in a
# copy of the folder, `widelimit` being the program on RANKS ranks. A folder whose `want` is named `want.pending` is
# skipped, by name: what it wants is not there yet. Runs in a folder of its own.
set -uo pipefail
export OMPI_MCA_odls_base_sigkill_timeout=0 # ranks that fail have said so before the first of them ends
program=$1 launcher=$2 ranks=$3 check=$4 cases=$5
shift 5
names=("$@")
((${#names[@]} > 0)) || mapfile -t names < <(cd "$cases" && printf '%s\n' */ | tr -d /)
failures=0 count=0 pending=()
launch=()
# shellcheck disable=SC2206 # the launcher is a command with an option
[ "$ranks" = 1 ] || launch=($launcher "$ranks")

# shellcheck disable=SC2317 # the commands call it
widelimit() { timeout -k 5 120 "${launch[@]}" "$program" "$@" </dev/null; }

for name in "${names[@]}"; do
  if [ -e "$cases/$name/want.pending" ]; then
    pending+=("$name")
    continue
  fi
  rm -rf "$name"
  cp -r "$cases/$name" "$name"
  status=0
  # shellcheck disable=SC1091 # one of each case
  (cd "$name" && . ./cmd) >"$name.log" 2>"$name.err" || status=$?
  mv "$name.log" "$name/log"
  mv "$name.err" "$name/err"
  count=$((count + 1))
  (cd "$name" && "$check" want "$status") >"$name/verdict" && continue
  failures=$((failures + 1))
  echo "FAILED: $name"
  cat "$name/verdict"
  sed 's/^/  | /' "$name/err"
done
((${#pending[@]} == 0)) || echo "pending: ${pending[*]}"
echo "$((count - failures)) of $count cases passed"
exit $((failures > 0))
