#!/usr/bin/env bash
# scripts.sh PROGRAM LAUNCHER RANKS PROJECT: every script of jobs/ that can be started says from any folder how it is used, and
# does nothing else: it writes nothing here and asks for no package.
set -uo pipefail
project=$4
failures=0
failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
}

rm -rf here guard && mkdir here guard
for command in apt-get apt-cache sudo mpirun srun sbatch gnuplot; do
  printf '#!/bin/sh\necho "%s" >>"%s/called"\nexit 1\n' $command "$PWD" >guard/$command
  chmod +x guard/$command
done
rm -f called
export PATH=$PWD/guard:$PATH
mapfile -t scripts < <(find "$project/jobs" -type f -perm -u+x ! -name '*.py' | sort)
((${#scripts[@]} >= 12)) || failed "only ${#scripts[@]} scripts were found"
for script in "${scripts[@]}"; do
  name=${script#"$project/"}
  (cd here && "$script" --help >../out.txt 2>../err.txt </dev/null) || failed "$name --help ends with a status other than 0"
  grep -qF "${name##*/}" out.txt || failed "$name --help does not say how $name is called"
  [ ! -s err.txt ] || failed "$name --help complains: $(head -n 1 err.txt)"
  [ "$(wc -L <out.txt)" -le 132 ] || failed "$name --help has lines of more than 132 columns"
done
[ -z "$(ls here)" ] || failed "--help left $(ls here)"
[ ! -e called ] || failed "--help called $(sort -u called | xargs)"
for script in "$project"/jobs/*.sh; do # what is not to be started is to be sourced, and says so
  [ -x "$script" ] || head -n 3 "$script" | grep -q '[Ss]ource it' || failed "${script##*/} is neither a program nor says who sources it"
done
exit $((failures > 0))
