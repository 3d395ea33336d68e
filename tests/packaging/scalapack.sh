#!/usr/bin/env bash
# scalapack.sh SOURCE COMPILER: a ScaLAPACK of 64-bit integers, one without single precision and one of another MPI are refused when the
# build is configured, each by its name and its fault; the one that is installed is not. In a folder of its own.
set -euo pipefail
source=$1 compiler=$2
rm -rf ./*

fail() {
  echo "scalapack: $*" >&2
  exit 1
}

cat >CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.21)
project(dependencies C)
include($source/cmake/Dependencies.cmake)
END

# library NAME INTEGER ROUTINE... [-- OPTION...]: with NUMROC of such integers and routines that do nothing
library() {
  local name=$1 integer=$2
  shift 2
  {
    cat <<END
typedef $integer integer;
integer numroc_(const integer *n, const integer *nb, const integer *me, const integer *first, const integer *count) {
  const integer blocks = *n / *nb, distance = (*count + *me - *first) % *count;
  const integer rows = blocks / *count * *nb, extra = blocks % *count;
  return rows + (distance < extra ? *nb : distance == extra ? *n % *nb : 0);
}
END
    while (($# > 0)) && [ "$1" != -- ]; do
      echo "void $1(void); void $1(void) {}"
      shift
    done
  } >"$name.c"
  [ "${1-}" != -- ] || shift
  "$compiler" -shared -fPIC "$name.c" -o "lib$name.so" "$@"
}

# refused NAME WORDS
refused() {
  if cmake -S . -B "build-$1" -DSCALAPACK_LIBRARY="$PWD/lib$1.so" >"$1.log" 2>&1; then fail "$1 is accepted"; fi
  tr -s ' \n' ' ' <"$1.log" >"$1.words"
  if ! grep -qF "lib$1.so" "$1.words" || ! grep -qF "$2" "$1.words"; then fail "$1: $(cat "$1.log")"; fi
}

library sound int pdpotrf_ pspotrf_
cmake -S . -B build-sound -DSCALAPACK_LIBRARY="$PWD/libsound.so" >sound.log 2>&1 || fail "32-bit integers are refused: $(cat sound.log)"
library ilp64 'long long' pdpotrf_ pspotrf_
refused ilp64 '64-bit integers (ILP64)'
library doubles int pdpotrf_
refused doubles 'has no pspotrf_'
echo 'int other; int *other_mpi(void); int *other_mpi(void) { return &other; }' >mpi.c
"$compiler" -shared -fPIC mpi.c -o libmpi.so.99 -Wl,-soname,libmpi.so.99
library foreign int pdpotrf_ pspotrf_ -- -Wl,--no-as-needed "$PWD/libmpi.so.99"
refused foreign 'is linked with libmpi.so.99'
cmake -S . -B build >installed.log 2>&1 || fail "the ScaLAPACK of this machine is refused: $(cat installed.log)"
