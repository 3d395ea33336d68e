#!/usr/bin/env bash
# Compiles each public header alone, as C and as C++, with the MPIs that pkg-config knows of those named.
#
#   tests/headers.sh [MPI...]      (ompi-c mpich)
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=usage.sh
. "$(dirname "$0")/usage.sh"
case ${1-} in -*) refuse_usage ;; esac
cd "$(dirname "$0")/.." || exit
(($# > 0)) || set -- ompi-c mpich
failures=0 compiled=0

# check COMPILER... : with the header on standard input; what MPI itself includes may warn
check() { "$@" -Wall -Wextra -Wpedantic -Werror -Iinclude -DOMPI_SKIP_MPICXX -DMPICH_SKIP_MPICXX "${flags[@]}" -fsyntax-only -; }

for mpi; do
  pkg-config --exists "$mpi" || { echo "no $mpi here" && continue; }
  read -ra flags <<<"$(pkg-config --cflags "$mpi" | sed 's/-I/-isystem /g')"
  for header in include/widelimit/*.h; do
    for compiler in 'gcc -x c -std=c99' 'g++ -x c++ -std=c++11'; do
      # shellcheck disable=SC2086 # a compiler and its options
      check $compiler <<<"#include \"widelimit/${header##*/}\"
int main(void);" || { failures=$((failures + 1)) && echo "FAILED: $header, $compiler, $mpi"; }
      compiled=$((compiled + 1))
    done
  done
done
((compiled > 0)) || { echo 'no MPI that pkg-config knows' && exit 1; }
exit $((failures > 0))
