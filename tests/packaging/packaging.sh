#!/usr/bin/env bash
# packaging.sh SOURCE BUILD LAUNCHER static|shared: installs, then builds and runs the example outside the tree with the
# CMake package and with pkg-config. `static` installs BUILD; `shared` builds the library anew. Runs in a folder of its own.
set -euo pipefail
source=$1 build=$2 launcher=$3 kind=$4

rm -rf ./*
if [ "$kind" = shared ]; then
  build=$PWD/project
  cmake -S "$source" -B "$build" -DBUILD_SHARED_LIBS=ON -DWIDELIMIT_TESTS=OFF -DCMAKE_BUILD_TYPE=Debug
  cmake --build "$build" --parallel 2
fi
cmake --install "$build" --prefix "$PWD/installed"
mv installed prefix # it must not depend on the place it was installed to
pc=$(find prefix -name widelimit.pc)
library=$PWD/${pc%/pkgconfig/widelimit.pc}

run_example() {
  # shellcheck disable=SC2086 # the launcher is a command with an option
  LD_LIBRARY_PATH=$library:${LD_LIBRARY_PATH-} $launcher 2 "$1" | tee "$1.out"
  [ "$(wc -l <"$1.out")" = 4 ] && ! grep -qi nan "$1.out"
}

cp -r "$source/tests/packaging/example" by_cmake
cp -r by_cmake by_make
cmake -S by_cmake -B by_cmake/build -DCMAKE_PREFIX_PATH="$PWD/prefix" && cmake --build by_cmake/build
run_example by_cmake/build/example
make -C by_make PKG_CONFIG_PATH="$library/pkgconfig"
run_example by_make/example
cmp by_cmake/build/example.out by_make/example.out

if [ -x prefix/bin/widelimit ]; then
  LD_LIBRARY_PATH=$library:${LD_LIBRARY_PATH-} prefix/bin/widelimit --version
fi
