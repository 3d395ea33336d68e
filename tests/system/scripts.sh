#!/usr/bin/env bash
# scripts.sh PROGRAM LAUNCHER RANKS PROJECT: every script that is started by hand says from any folder how it is used (-h or --help:
# status 0), refuses what it does not know (status 2, all of it on standard error), and does nothing else: it writes nothing here and asks
# for no package.
set -uo pipefail
project=$4
failures=0
failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
}

rm -rf here guard && mkdir here guard
for command in apt-get apt-cache sudo mpirun srun sbatch gnuplot cmake ctest debootstrap pip; do
  printf '#!/bin/sh\necho "%s" >>"%s/called"\nexit 1\n' $command "$PWD" >guard/$command
  chmod +x guard/$command
done
rm -f called
export PATH=$PWD/guard:$PATH
unset SLURM_JOB_ID

# start SCRIPT ARGUMENT...: its status is in $status, what it says in out.txt and err.txt.
start() {
  status=0
  (cd here && exec "$@" >../out.txt 2>../err.txt </dev/null) || status=$?
}

# answers SCRIPT OPTION
answers() {
  local name=${1#"$project/"}
  start "$1" "$2"
  [ "$status" = 0 ] || failed "$name $2 ends with status $status"
  grep -qF "${name##*/}" out.txt || failed "$name $2 does not say how $name is called"
  [ ! -s err.txt ] || failed "$name $2 complains: $(head -n 1 err.txt)"
}

# refuses SCRIPT ARGUMENT...
refuses() {
  local name=${1#"$project/"}
  start "$@"
  [ "$status" = 2 ] || failed "$name ${*:2} ends with status $status"
  [ ! -s out.txt ] || failed "$name ${*:2} is refused on standard output: $(head -n 1 out.txt)"
  grep -qF "${name##*/}" err.txt || failed "$name ${*:2} does not say how $name is called"
}

mapfile -t jobs < <(find "$project/jobs" -type f -perm -u+x ! -name '*.py' | sort)
((${#jobs[@]} >= 12)) || failed "only ${#jobs[@]} scripts were found in jobs"
mapfile -t others < <(find "$project/tests" -maxdepth 1 -type f -perm -u+x | sort)
((${#others[@]} >= 7)) || failed "only ${#others[@]} scripts were found in tests"
others+=("$project"/tests/bench/*.sh "$project/tests/fuzz/run.sh")
if command -v python3 >/dev/null; then
  others+=("$project"/doc/*.py "$project"/tests/{bench,unit}/*.py)
fi
for script in "${jobs[@]}" "${others[@]}"; do
  answers "$script" -h
  answers "$script" --help
  case $script in
    */tests/run.sh | */tests/aarch64.sh) ;; # CTest looks at their arguments
    *) refuses "$script" --no-such-option ;;
  esac
done
for script in "${jobs[@]}"; do
  start "$script" --help
  [ "$(wc -L <out.txt)" -le 132 ] || failed "${script##*/} --help has lines of more than 132 columns"
done
# What cannot do without arguments.
for script in jobs/{local,plot_scaling,plot_solvers,scaling_solvers,packaging/check_definition}.sh jobs/slurm/{run,array}.sbatch \
  tests/published.sh tests/bench/{brackets,compare_builds}.sh; do
  refuses "$project/$script"
done
for script in run array; do # as in a job
  SLURM_JOB_ID=1 refuses "$project/jobs/slurm/$script.sbatch"
done
refuses "$project/jobs/local.sh" -n 2
refuses "$project/tests/bench/brackets.sh" program check launcher
refuses "$project/jobs/scaling.sh" -k none
refuses "$project/jobs/scaling_solvers.sh" -s newton "$project/inputs/toy/toy.yaml"
refuses "$project/jobs/plot_scaling.sh" no.csv
[ -z "$(ls here)" ] || failed "a script that is asked how it is used leaves $(ls here)"
[ ! -e called ] || failed "a script that is asked how it is used calls $(sort -u called | xargs)"
for script in "$project"/jobs/*.sh; do # what is not to be started is to be sourced, and says so
  [ -x "$script" ] || head -n 3 "$script" | grep -q '[Ss]ource it' || failed "${script##*/} is neither a program nor says who sources it"
done
exit $((failures > 0))
