#!/usr/bin/env bash
# manuals.sh PROGRAM LAUNCHER RANKS FOLDER: a man page for each command of --help, without a complaint of groff, with every
# option of its --help; bash completes commands, options and files.
set -uo pipefail
program=$1 folder=$4
failures=0
failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
}

mapfile -t commands < <("$program" --help | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' | sort -u)
((${#commands[@]} >= 6)) || failed "only ${#commands[@]} commands in --help"
# Plain text; what groff complains of in the file of that name.
render() { if command -v groff >/dev/null; then groff -man -Tascii -P-cbou -ww "$1" 2>complaints; else sed 's/\-/-/g' "$1"; fi; }
for command in "${commands[@]}"; do
  page=$folder/widelimit-$command.1
  [ -s "$page" ] || { failed "no page for $command" && continue; }
  render "$page" >page.txt
  if [ -s complaints ]; then failed "$command: $(head -n 3 complaints)"; fi
  grep -q 'NAME' page.txt || failed "$command: no name"
  for option in $("$program" "$command" --help | grep -oE '^ +--[a-z-]+' | sort -u); do
    grep -qF -e "$option" page.txt || failed "$command: $option is not in its page"
  done
done
render "$folder/widelimit.1" >page.txt
for command in "${commands[@]}"; do grep -q "$command" page.txt || failed "widelimit.1 does not name $command"; done

# completes WANTED WORD...: what bash offers for the last word
completes() {
  local wanted=$1
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  _widelimit 2>/dev/null
  [ "${COMPREPLY[*]}" = "$wanted" ] || failed "'$*' completes to '${COMPREPLY[*]}', not '$wanted'"
}
# shellcheck source=/dev/null
. "$folder/widelimit.bash"
touch mine.yaml
completes 'certify' widelimit cert
completes '--time-limit' widelimit run --ti
completes 'mine.yaml' widelimit run mi
completes '--factor' widelimit predict --fac
completes 'mine.yaml' widelimit predict --factor mi
exit $((failures > 0))
