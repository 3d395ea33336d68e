#!/usr/bin/env bash
# packaging.sh SOURCE BUILD LAUNCHER static|shared: installs, then builds and runs outside the tree the examples of doc/examples/, with the
# CMake package and with pkg-config, and a C++ program with every header. `static` installs BUILD; `shared` builds the library anew and looks
# at what it exports. Runs in a folder of its own.
set -euo pipefail
source=$1 build=$2 launcher=$3 kind=$4
unset LD_LIBRARY_PATH

fail() {
  echo "packaging: $*" >&2
  exit 1
}

# As BUILD has it: .mpich, where Debian's MPICH stands beside Open MPI.
suffix=$(sed -n 's/^MPI_EXECUTABLE_SUFFIX:[A-Z]*=//p' "$build/CMakeCache.txt")

rm -rf ./*
if [ "$kind" = shared ]; then
  build=$PWD/project
  cmake -S "$source" -B "$build" -DBUILD_SHARED_LIBS=ON -DWIDELIMIT_TESTS=OFF -DCMAKE_BUILD_TYPE=Debug \
    -DMPI_EXECUTABLE_SUFFIX="$suffix"
  cmake --build "$build" --parallel 2
fi
cmake --install "$build" --prefix "$PWD/installed"
mv installed prefix # it must not depend on the place it was installed to
pc=$(find prefix -name widelimit.pc)
library=$PWD/${pc%/pkgconfig/widelimit.pc}
include=$PWD/prefix/include

# The shared library exports what its headers declare, and nothing else.
check_exports() {
  [ "$kind" = shared ] || return 0
  nm -D --defined-only "$library/libwidelimit.so" | awk '{ print $3 }' | sort >exported
  sed -n 's/.*WL_API .*[ *]\(wl_[a-z0-9_]*\)(.*/\1/p' "$include"/widelimit/*.h | sort >declared
  diff declared exported || fail "the shared library exports other functions than its headers declare"
  readelf -d "$library/libwidelimit.so" | grep -q 'SONAME.*libwidelimit[.]so[.][0-9]*[.][0-9]*\]' || fail "no soname"
}

# ranks_of EXAMPLE
ranks_of() {
  case $1 in
    1_* | 2_*) echo 1 ;;
    3_*) echo 5 ;;
    *) echo 2 ;;
  esac
}

# run_examples FOLDER: each prints what stands beside its source.
run_examples() {
  local expected name
  for expected in "$source"/doc/examples/*.out; do
    name=$(basename "$expected" .out)
    # shellcheck disable=SC2086 # the launcher is a command with an option
    $launcher "$(ranks_of "$name")" "$1/$name" >"$1/$name.out" || fail "$1/$name ended with status $?"
    diff "$expected" "$1/$name.out" || fail "$1/$name prints something else"
  done
}

check_exports

cp -r "$(find prefix -type d -name examples)" by_cmake # as installed
cp -r by_cmake by_make
cmake -S by_cmake -B by_cmake/build -DCMAKE_PREFIX_PATH="$PWD/prefix"
cmake --build by_cmake/build
run_examples by_cmake/build
make -C by_make PKG_CONFIG_PATH="$library/pkgconfig" CC="mpicc$suffix"
(export LD_LIBRARY_PATH=$library && run_examples by_make)

cmake -S "$source/tests/packaging/cxx" -B cxx -DCMAKE_PREFIX_PATH="$PWD/prefix" -DMPI_EXECUTABLE_SUFFIX="$suffix"
cmake --build cxx
# shellcheck disable=SC2086
$launcher 2 cxx/every_header || fail "the C++ program ended with status $?"

# The program needs no LD_LIBRARY_PATH.
prefix/bin/widelimit --version
