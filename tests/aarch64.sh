#!/usr/bin/env bash
# Builds for 64-bit ARM with Debian's cross compiler and runs tests under qemu-user: ranks of ARM under this machine's mpirun.
#
#   tests/aarch64.sh [CTEST-ARGUMENT...]
#
# Without arguments the short ones: unit tests and layers on 1 and 3 ranks. All that can run so: -L '^(unit|mpi)$'.
# Nothing of it touches the system's own libraries: the arm64 packages are unpacked, not installed, in
# build-aarch64/sysroot (600 MB), once for each list of packages.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=usage.sh
. "$(dirname "$0")/usage.sh"

# shellcheck source-path=SCRIPTDIR/../jobs source=setup.sh
. "$(dirname "$0")/../jobs/setup.sh"
export WIDELIMIT_SYSROOT=$PWD/build-aarch64/sysroot
triplet=aarch64-linux-gnu

# The packages that the project builds on, but those that run on this machine.
sysroot_packages() {
  printf '%s\n' "${build_packages[@]}" libgcc-12-dev | grep -E '^(lib|nettle|zlib)|openmpi-bin' | paste -sd,
}

# What Debian's alternatives would have linked to. link_alternatives LIBRARIES
link_alternatives() {
  local file
  for file in "$1"/openblas-pthread/lib*.so*; do ln -sf "openblas-pthread/${file##*/}" "$1/"; done
  ln -sf ../openblas-pthread/pkgconfig/openblas.pc "$1/pkgconfig/"
}

make_sysroot() {
  local suite
  suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  rm -rf "$WIDELIMIT_SYSROOT.partial"
  mmdebstrap --architectures=arm64 --variant=extract --include="$(sysroot_packages)" "$suite" "$WIDELIMIT_SYSROOT.partial"
  link_alternatives "$WIDELIMIT_SYSROOT.partial/usr/lib/$triplet"
  rm -rf "$WIDELIMIT_SYSROOT"
  mv "$WIDELIMIT_SYSROOT.partial" "$WIDELIMIT_SYSROOT"
  sysroot_packages >"$WIDELIMIT_SYSROOT.packages"
}

install_packages cmake make pkg-config openmpi-bin mmdebstrap gcc-$triplet libc6-dev-arm64-cross qemu-user
mkdir -p build-aarch64
[ "$(cat "$WIDELIMIT_SYSROOT.packages" 2>/dev/null)" = "$(sysroot_packages)" ] || step 'unpack arm64 packages' make_sysroot
build_project aarch64 build-aarch64
(($# > 0)) || set -- --label-regex '^(unit|mpi)$' --label-exclude '^ranks[246]$' --exclude-regex '^(test_(activation|certify)|mixed[.].*)$'
run_ctest aarch64 "$@"
