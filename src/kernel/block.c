#include "kernel/block.h"

const wl_block *wl_block_select(void) {
#ifdef WL_BLOCK_X86
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return &wl_block_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &wl_block_avx2;
#endif
  return &wl_block_generic;
}
