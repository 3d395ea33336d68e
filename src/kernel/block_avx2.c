#define WL_BLOCK_NAME avx2
#include "kernel/block.inc"
