/**
 * @file plan.h
 * How long a run will take, before it starts: the cost model of doc/performance.md.
 *
 * A machine is a few rates. A kernel that works with blocks of b runs at
 *
 *   r(b) = r∞ b / (b + h)             r∞ `…_gflops`, h `…_half`: every pass over C costs as much as h columns
 *
 * and a message of s bytes takes α + s/β. ScaLAPACK's factorization is a sum over block columns; the one with look-ahead is
 * followed step by step, with one clock for each process column: its panel waits for nobody, everybody waits for the panel
 * [src/linalg/lookahead.inc]. All other phases are sums. Sources: Hockney 1994 (α, β and the half length); Petitet et al., HPL scalability analysis
 * (panel, broadcast, update); Thakur, Rabenseifner and Gropp 2005 (trees and rings of messages).
 */
#ifndef WIDELIMIT_COST_PLAN_H
#define WIDELIMIT_COST_PLAN_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/timer.h"
#include "sampling/joint.h"
#include "widelimit/model.h"
#include "widelimit/network.h"

/**
 * Rates of one rank while all ranks of its node work: name (in the calibration file and for --assume), default, text.
 * The defaults are those of one core of an AMD EPYC (Zen 3); the network's and the file system's are assumptions.
 */
#define WL_SPEED_LIST(X)                                                               \
  X(gemm_gflops, 38.0, "Gflop/s of large matrix products")                             \
  X(update_gflops, 37.0, "Gflop/s of the factorization's update, wide blocks")         \
  X(update_half, 18.0, "block width at which it reaches half of that")                 \
  X(corner_gflops, 35.0, "Gflop/s of its triangles at the diagonal, wide blocks")      \
  X(corner_half, 30.0, "block width at which it reaches half of that")                 \
  X(push_gflops, 37.0, "Gflop/s of panel B - T X in solves and products, wide blocks") \
  X(push_half, 22.0, "block width at which it reaches half of that")                   \
  X(pull_gflops, 36.0, "Gflop/s of strip T' B, wide blocks")                           \
  X(pull_half, 18.0, "block width at which it reaches half of that")                   \
  X(panel_gflops, 27.0, "Gflop/s of the panel's triangular solve, wide blocks")        \
  X(panel_half, 25.0, "block width at which it reaches half of that")                  \
  X(tile_gflops, 37.0, "Gflop/s of the Cholesky factor of one tile, wide blocks")      \
  X(tile_half, 350.0, "block width at which it reaches half of that")                  \
  X(read_gbytes, 16.0, "GB/s of reading the matrix (products with few columns)")       \
  X(copy_gbytes, 15.0, "GB/s of copying")                                              \
  X(touch_gbytes, 6.0, "GB/s of writing to memory that is new")                        \
  X(input_ns, 60.0, "ns to make or read one number of the inputs")                     \
  X(shift_ns, 3.6, "ns an entry that a shift c adds to a layer of erf, small c")       \
  X(shift_more_ns, 0.6, "ns an entry more for each 1 of c")                            \
  X(local_latency_us, 0.9, "us of a short message within a node")                      \
  X(local_gbytes, 2.4, "GB/s of a long message within a node, all ranks at once")      \
  X(network_latency_us, 2.0, "us of a short message between nodes")                    \
  X(network_gbytes, 25.0, "GB/s of a node to other nodes, all its ranks together")     \
  X(file_gbytes, 1.0, "GB/s of the file system, all ranks together")

/** ns an entry of one kernel matrix: the layers' part is first + (L − 1) · layer. */
typedef struct wl_entry_cost {
  double first, layer;
} wl_entry_cost;

typedef struct wl_speeds {
#define WL_SPEED_MEMBER(name, value, text) double name;
  WL_SPEED_LIST(WL_SPEED_MEMBER)
#undef WL_SPEED_MEMBER
  wl_entry_cost kappa[WL_ACTIVATION_COUNT]; /**< κ alone */
  wl_entry_cost theta[WL_ACTIVATION_COUNT]; /**< Θ, or both */
} wl_speeds;

/** Local. The defaults. */
wl_speeds wl_speeds_default(void);

/** Local. The number of rates, their names and texts; the rate's place in `speeds`. */
int wl_speed_count(void);
const char *wl_speed_name(int index);
const char *wl_speed_text(int index);
double *wl_speed_at(wl_speeds *speeds, int index);

/** Local. WL_ERROR_DATA, naming `where`, the rate and its range, where a rate is not finite or not above 0 (a _half: below 0). */
wl_error wl_speeds_check(const wl_speeds *speeds, const char *where);

/**
 * Collective. Measures the rates while all ranks work at once: seconds. What one node cannot show (network_…, where
 * all ranks share a node; file_…) and what one rank cannot (local_…) stays as it is. Arithmetic is timed by the
 * rank's own processor time where BLAS has one thread, so that other users of the machine do not count.
 * @param measured_network, measured_local  whether these were measured; NULL is fine
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_speeds_measure(MPI_Comm comm, wl_speeds *speeds, bool *measured_local, bool *measured_network);

/** Where a run works. */
typedef struct wl_layout {
  int rows, columns, block; /**< process grid P × Q, nb */
  int ranks_per_node;       /**< consecutive ranks share a node */
  int cores_per_node;       /**< fewer than ranks × threads: they take turns */
  int threads;              /**< of BLAS a rank */
  int measured_threads;     /**< with which the rates were measured; rates grow with threads over these */
  bool
      row_major; /**< ranks stand row by row on the grid, not column by column as they do (dist/grid.h): to compare */
} wl_layout;

/** What a run computes. */
typedef struct wl_work {
  int64_t train, test, dimension, outputs; /**< n, m, d, c */
  int64_t known; /**< the first of the training points, whose factors a file has; 0: there is none */
  int64_t batch; /**< test points at a time */
  wl_network network;
  const wl_network *rnd_target; /**< RND's target network; NULL: one like the predictor's, or no rnd */
  bool given;                   /**< kernels are read, not computed */
  bool theta, ensemble, kappa;  /**< factors Θ; computes ensemble or rnd; factors κ */
  bool loo;                     /**< leaves points out */
  bool spectrum;                /**< eigenvalues of both kernels */
  int64_t times, noises;        /**< training times and noise levels, which need eigenvectors */
  int64_t choices;              /**< of select, from the test points; 0: none */
  bool mixed;                   /**< precision: mixed */
  int64_t rank;                 /**< of the preconditioner, with solver.method: iterative; 0: another method */
  int64_t passes;               /**< there: over the kernels for a batch; how many it takes no plan knows */
  wl_engine engine;             /**< of the factorizations */
  bool tiles; /**< panels of test points are dealt out in tiles, not evenly: with covariances or kernels */
  double products[WL_PRIOR_COUNT]; /**< wl_job_covariance_products */
  double time_products;            /**< wl_job_time_products */
  int64_t samples[WL_DRAW_COUNT];  /**< draws of each kind */
  int64_t certify_draws;           /**< replicates × heads; 0: no certificate */
  double checkpoint_bytes;         /**< of one */
  double checkpoint_seconds;       /**< between two; 0: none */
  double file_bytes;               /**< of covariances, kernels and draws in the result file */
} wl_work;

/** Local. Flops of the decompositions and the noise levels; of the predictions at all training times. */
double wl_work_spectrum_flops(const wl_work *work);
double wl_work_at_time_flops(const wl_work *work);

/** Passes that a plan supposes for a batch where the configuration allows as many. */
enum { WL_PLAN_PASSES = 50 };

/** Local. Flops of the draws; in mixed precision those of their factors too. */
double wl_work_sample_flops(const wl_work *work);

/** Predicted seconds, by the phases of the summary. */
typedef struct wl_estimate {
  double seconds[WL_PHASE_COUNT], total;
  double flops; /**< n³/3 for a factor and so on: what `run` counts */
} wl_estimate;

/** Local. */
wl_estimate wl_estimate_run(const wl_speeds *speeds, const wl_layout *layout, const wl_work *work);

/** What a run waits for most. */
typedef enum wl_limit {
  WL_LIMIT_COMPUTE,
  WL_LIMIT_MEMORY_SPEED,
  WL_LIMIT_BANDWIDTH,
  WL_LIMIT_LATENCY,
  WL_LIMIT_FILES,
  WL_LIMIT_COUNT
} wl_limit;

/** Local. "compute", "memory speed", "bandwidth", "latency", "files". */
const char *wl_limit_name(wl_limit limit);

/**
 * Local. The share of the total that vanishes where one of these costs nothing, all else equal; the shares need not
 * add up to 1, for one hides behind another. Returns the largest.
 */
wl_limit wl_estimate_limit(const wl_speeds *speeds, const wl_layout *layout, const wl_work *work,
                           double share[WL_LIMIT_COUNT]);

#endif
