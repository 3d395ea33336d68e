/**
 * @file block.h
 * The layer recursion on a block: at most WL_STRIP points of one set times WL_GROUP of another, small enough to
 * stay in the first-level cache through all layers. Written once in block.inc, compiled for each instruction set.
 *
 * Every entry of a block goes through the same operations, in full vectors: rows are padded to a multiple of
 * WL_PAD, with zeros for all that belongs to a point. A padded row gives numbers that nobody reads.
 */
#ifndef WIDELIMIT_KERNEL_BLOCK_H
#define WIDELIMIT_KERNEL_BLOCK_H

#include "kernel/activation.h"

enum { WL_STRIP = 64, WL_GROUP = 8, WL_PAD = 16 };

/** κ and Θ that enter a residual, until its branch joins them. */
typedef struct wl_frame {
  double kappa[WL_GROUP][WL_STRIP];
  double theta[WL_GROUP][WL_STRIP];
} __attribute__((aligned(64))) wl_frame;

/**
 * The state of a block between two steps; column j's row i is [j][i]. That of the rectifier is scaled: kappa has
 * 1 − |c| with the sign of the correlation c, which keeps small angles, and theta has Θ/√(q q'). After the last step
 * they are κ and Θ.
 */
typedef struct wl_state {
  int rows; /**< a multiple of WL_PAD */
  int cols;
  bool unscale;    /**< the rectifier that comes next leaves κ and Θ */
  wl_frame *frame; /**< of the residual that comes next */
  double kappa[WL_GROUP][WL_STRIP];
  double theta[WL_GROUP][WL_STRIP];
} __attribute__((aligned(64))) wl_state;

/** What a layer's kernel knows of the rows: lane i of field f is field[f·WL_STRIP + i], likewise of series. */
typedef struct wl_rows {
  const double *field;
  const double *series; /**< logistic only: B_m */
  const int *terms;     /**< logistic only: per level the largest number of any row */
} wl_rows;

/** What it knows of one column. */
typedef struct wl_column {
  const double *field;
  const double *series;
  const int *terms;
} wl_column;

/** 1 − |c| below which layer 1's correlation comes from the points themselves, not from their inner product. */
#define WL_NEAR 0x1p-14

typedef void (*wl_layer_kernel)(const wl_layer_model *model, const wl_rows *rows, const wl_column *columns,
                                wl_state *state);

/** The kernels of one instruction set. */
typedef struct wl_block {
  const char *name;
  /**
   * Layer 1 from σ_w² x·x'/d (gram, leading dimension ld, padded rows zero). inverse_root holds 1/√κ¹(x, x), NaN
   * where that is zero. scaled: makes the rectifier's state. Returns whether any pair has 1 − |c| below WL_NEAR or a
   * NaN for c.
   */
  bool (*start)(double bias, const double *gram, int64_t ld, const double *inverse_root_row,
                const double *inverse_root_column, bool scaled, wl_state *state);
  /** The next step: [0] κ alone, [1] κ and Θ. */
  wl_layer_kernel layer[WL_KERNEL_COUNT][2];
  /**
   * The duals of one pair by double sums, at variances q and p, covariance kappa, gap = qp − kappa² ≥ 0 and
   * mean = E[φ]E[φ]'. slope = NULL: not wanted.
   */
  void (*logistic_pair)(const wl_logistic *logistic, double q, double p, double kappa, double gap, double mean,
                        double *dual, double *slope);
  /** to[i] = from[i], i < count, by whole cache lines past the caches: for numbers that nobody reads soon. */
  void (*copy)(const double *from, int64_t count, double *to);
  /** to[i·ld + j] = from[j][i], i < count, j < cols; likewise past the caches where `far`. */
  void (*transpose)(double (*from)[WL_STRIP], int count, int cols, double *to, int64_t ld, bool far);
  /** What this thread sent past the caches is in memory for all that read it later. */
  void (*fence)(void);
} wl_block;

extern const wl_block wl_block_generic;
#ifdef WL_BLOCK_X86
extern const wl_block wl_block_avx2, wl_block_avx512;
#endif

/** Local. The best one that this processor runs. */
const wl_block *wl_block_select(void);

#endif
