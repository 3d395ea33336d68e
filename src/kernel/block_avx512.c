#define WL_BLOCK_NAME avx512
#include "kernel/block.inc"
