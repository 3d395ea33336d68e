#!/usr/bin/env bash
# Tests the tests: puts one fault after another (tests/mutants.txt) into a copy of the sources, builds, and runs the tests that
# should notice. Fails where one survives.
#
#   tests/mutants.sh [--check] [PATTERN]
#
# With PATTERN, those whose line in the list it matches. --check only sees whether each fault still changes one line of the sources.
# The copy and its build are in build-mutants/.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=usage.sh
. "$(dirname "$0")/usage.sh"
check=false
if [ "${1-}" = --check ]; then
  check=true
  shift
fi
case ${1-} in -*) refuse_usage ;; esac

# shellcheck source-path=SCRIPTDIR/../jobs source=setup.sh
. "$(dirname "$0")/../jobs/setup.sh"
pattern=${1:-.}
list=$PWD/tests/mutants.txt
copy='build-mutants/source'
build='build-mutants/build'
log=$PWD/build-mutants/log original=$PWD/build-mutants/original touched=$PWD/build-mutants/touched
# A copy of what is tracked or new, times of unchanged files kept. Files that an earlier run had changed are built again.
copy_sources() {
  mkdir -p "$copy"
  git -c safe.directory="$PWD" ls-files -z --cached --others --exclude-standard --deduplicate |
    while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done |
    tar -c --null --no-recursion -T - | tar -x -C "$copy"
  [ ! -f "$touched" ] || (cd "$copy" && sort -u "$touched" | xargs -r -d '\n' touch -c)
  rm -f "$touched"
}

field() { awk -F ' ;; ' -v n="$2" '{ print $n }' <<<"$1"; }

# build_targets TARGET...
build_targets() { cmake --build "$build" --parallel "$(nproc)" --target "$@" >"$log" 2>&1 </dev/null; }

# run_tests REGEX
run_tests() { ctest --test-dir "$build" --no-tests=error --timeout 300 -R "$1" >>"$log" 2>&1 </dev/null; }

# check_applies LINE: a stale one says so at once, not after hours.
check_applies() {
  local file expression changed
  file=$(field "$1" 1) expression=$(field "$1" 2)
  changed=$(diff "$file" <(sed -e "$expression" "$file") | grep -c '^>' || true)
  [ "$changed" = 1 ] || fail "$changed lines of $file are changed by $expression: mend it in $list"
}

# mutate FILE EXPRESSION
mutate() {
  echo "$1" >>"$touched"
  cp "$copy/$1" "$original"
  sed -i -e "$2" "$copy/$1"
}

# try_mutant LINE: says whether it was noticed; status 1 where it survived.
try_mutant() {
  local file expression tests targets survived=0
  file=$(field "$1" 1) expression=$(field "$1" 2) tests=$(field "$1" 4)
  read -ra targets <<<"$(field "$1" 3)"
  mutate "$file" "$expression"
  build_targets "${targets[@]}" || { tail -n 20 "$log" >&2 && fail "does not build: $file: $expression"; }
  run_tests "$tests" && survived=1
  cp "$original" "$copy/$file"
  ((survived)) && printf 'SURVIVED  %s  %s  (%s)\n' "$file" "$expression" "$tests" && return 1
  printf 'noticed   %s  %s\n' "$file" "$expression"
}

mapfile -t mutants < <(grep -v '^#' "$list" | grep ' ;; ' | grep -e "$pattern")
((${#mutants[@]} > 0)) || refuse "no mutant matches $pattern"
for mutant in "${mutants[@]}"; do check_applies "$mutant"; done
$check && echo "${#mutants[@]} mutants, each of one line" && exit
install_packages "${build_packages[@]}"
mpi_environment
copy_sources
step 'configure mutants' cmake -S "$copy" -B "$build" -DCMAKE_BUILD_TYPE=Release
read -ra all_targets <<<"$(for m in "${mutants[@]}"; do field "$m" 3; done | tr ' ' '\n' | sort -u | tr '\n' ' ')"
all_tests=$(for m in "${mutants[@]}"; do field "$m" 4; done | sort -u | paste -sd '|')
build_targets "${all_targets[@]}" || { tail -n 20 "$log" >&2 && fail 'the sources do not build as they are'; }
run_tests "$all_tests" || { tail -n 40 "$log" >&2 && fail 'the tests fail as they are'; }

survivors=0
for mutant in "${mutants[@]}"; do try_mutant "$mutant" || survivors=$((survivors + 1)); done
echo "${#mutants[@]} mutants, $survivors survived"
((survivors == 0))
