#!/usr/bin/env bash
# run.sh [SECONDS [TARGET...]]: fuzzes each parser for that long (default 10 seconds each) from its corpus. What it finds is
# left in build-fuzz/. Needs clang with libFuzzer (Debian: clang libclang-rt-14-dev). The target h5 must be named:
# HDF5 1.10 itself reads beyond its buffers on damaged files (in H5G__ent_to_link, when links are listed).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR/.. source=usage.sh
. "$(dirname "$0")/../usage.sh"
case ${1-} in *[!0-9]*) refuse_usage ;; esac
cd "$(dirname "$0")/../.."
seconds=${1:-10}
shift || true
targets=("$@")
((${#targets[@]} > 0)) || targets=(config header csv npy npz idx)

mkdir -p build-fuzz
cmake -S . -B build-fuzz -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DWIDELIMIT_FUZZ=ON \
  -DWIDELIMIT_TESTS=OFF >build-fuzz/configure.log 2>&1 || { tail -n 20 build-fuzz/configure.log && exit 1; }
for target in "${targets[@]}"; do
  cmake --build build-fuzz --target "fuzz_$target" >build-fuzz/build.log 2>&1 || { tail -n 20 build-fuzz/build.log && exit 1; }
done
cd build-fuzz
export LSAN_OPTIONS=suppressions=../tests/lsan.supp:print_suppressions=0
failures=0
# An input may take 300 s: the clock is the wall's, and a machine with other work on it can leave a fuzzer idle for long.
for target in "${targets[@]}"; do
  seeds=../tests/fuzz/corpus/${target/h5/hdf5}
  mkdir -p "found_$target"
  leaks=1
  [ "$target" != h5 ] || leaks=0 # HDF5 itself leaks on some damaged files
  if "tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=300 -rss_limit_mb=2000 -max_len=8192 \
    -detect_leaks=$leaks -artifact_prefix="crash_${target}_" -print_final_stats=1 "found_$target" "$seeds" >"fuzz_$target.log" 2>&1; then
    printf '%-8s %10s executions, coverage %s\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "fuzz_$target.log")" \
      "$(grep -oE 'cov: [0-9]+' "fuzz_$target.log" | tail -n 1 | cut -d' ' -f2)"
  else
    failures=1
    echo "FAILED: fuzz_$target (build-fuzz/fuzz_$target.log)"
    grep -m 5 -E 'ERROR|SUMMARY|ABORTING|#[0-9] ' "fuzz_$target.log" || tail -n 5 "fuzz_$target.log"
  fi
done
exit $failures
