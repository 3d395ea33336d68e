#define WL_BLOCK_NAME generic
#include "kernel/block.inc"
