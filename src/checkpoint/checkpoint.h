/**
 * @file checkpoint.h
 * The state of a run in a file: one triangle of the matrix in global order, and what little there is beside it.
 *
 * The file is HDF5 with a guard after its end. /matrix/0, /matrix/1, … are strips of columns, each [column][row] from
 * the diagonal on (lower) or up to it (upper), so that half the matrix is stored and any grid and block size can read
 * it: a rank's tiles are a strided hyperslab. /products and /results are copies of S Z (cholesky.h) and of the unfinished
 * result file; /header is text (JSON): everything else. Each strip has a checksum that depends on its numbers and their
 * places alone; the guard has one of all other bytes, so that a file is known to be whole before HDF5 reads it.
 * Of a run without a matrix there are /panel/0, /panel/1, … in its place, [row][column], which the guard covers.
 */
#ifndef WIDELIMIT_CHECKPOINT_CHECKPOINT_H
#define WIDELIMIT_CHECKPOINT_CHECKPOINT_H

#include "inference/model.h"
#include "sampling/joint.h"

/** How far the draws are (sample.h). */
typedef struct wl_draw_state {
  bool begun;           /**< the matrix is the joint one of training and test points: the stage's triangle */
  bool done;            /**< all draws are in the result file; no matrix is needed */
  wl_joint_state joint; /**< of which the checkpoint is */
  int64_t drawn[WL_DRAW_COUNT]; /**< columns (draw · outputs) in the result file */
  int64_t first_halves;         /**< Bayesian heads whose first half is there */
  char *
      lower_file; /**< name of the file in the same folder with all of L, past the first stage; NULL: none needed */
} wl_draw_state;

/** The header. Members may be read and written; pointers are owned. */
typedef struct wl_checkpoint {
  char *fingerprint;                    /**< of configuration and data: lines "key: value" */
  int64_t rows;                         /**< n; the order of the joint matrix where draws have begun */
  int64_t outputs;                      /**< c */
  wl_prior prior;                       /**< the prior that was at work: its triangle is in the file */
  int64_t columns;                      /**< how many columns of the factor are final */
  double norm;                          /**< ‖S‖₁ */
  bool factored;                        /**< all are, and evidence[prior] tells of them */
  int64_t predicted;                    /**< test points done under this prior; the result file has them */
  bool loo_due;                         /**< all are, and leave-one-out is still to come: the factor is needed */
  wl_evidence evidence[WL_PRIOR_COUNT]; /**< of priors factored; log_marginal_likelihood is NULL for others */
  int64_t clamped;                      /**< of the predictions so far (widelimit/model.h) */
  double most_negative;
  int64_t attempts;        /**< runs that have worked on this state */
  double seconds;          /**< that they took */
  double bytes_per_second; /**< of the last checkpoint written; 0: none was */
  char
      *matrix_file; /**< name of the file in the same folder that has the matrix; "" this one, NULL: none needed */
  wl_draw_state draws;
  int64_t passes; /**< of a run without a matrix, so far */
  int64_t count;  /**< of `numbers` */
  double *
      numbers; /**< that its solver has beside panels (inference/iterative.h), finite; NULL: a run with a matrix */
  int64_t strips;
  uint64_t *checksums; /**< of the strips */
} wl_checkpoint;

/** What is stored beside the header. */
typedef struct wl_checkpoint_content {
  const wl_matrix *matrix; /**< NULL: not in this file */
  wl_triangle triangle;
  const wl_matrix *products; /**< n × WL_PROBES; NULL: none */
  const char *results;       /**< a file to be copied in, on rank 0; NULL: none */
  int panels;
  wl_matrix *const *panel; /**< so many, of any columns; not changed */
} wl_checkpoint_content;

/** Local. Bytes of one triangle of an n × n matrix in a file. */
double wl_checkpoint_matrix_bytes(int64_t n);

/** Local. The same of panels. */
double wl_checkpoint_panel_bytes(const wl_checkpoint_content *content);

/** Local. Frees what the members own and sets all to zero. */
void wl_checkpoint_clear(wl_checkpoint *header);

/**
 * Collective. Writes `path` by way of `path`.partial: reserves the room, writes, reads back and compares, and only then
 * renames. Fills in header->strips, checksums and bytes_per_second; matrix_file is set to "" where a matrix is given.
 * Errors: WL_ERROR_IO, WL_ERROR_MEMORY; what was at `path` before is then unchanged and no partial file is left.
 */
wl_error wl_checkpoint_write(const wl_grid *grid, const char *path, const wl_checkpoint_content *content,
                             wl_checkpoint *header);

/**
 * Local. Reads and checks everything but the matrix strips.
 * Errors: WL_ERROR_DATA, naming the file and what is wrong: missing, empty, truncated, damaged, of another version.
 */
wl_error wl_checkpoint_open(const char *path, wl_checkpoint *header);

/** Local. The header as text and back. *text is owned by the caller. Errors: WL_ERROR_DATA; WL_ERROR_MEMORY. */
wl_error wl_checkpoint_format(const wl_checkpoint *header, char **text);
wl_error wl_checkpoint_parse(const char *text, size_t length, wl_checkpoint *header);

/** Collective. Sends the header of rank 0 to the others. Errors: WL_ERROR_MEMORY. */
wl_error wl_checkpoint_share(MPI_Comm comm, wl_checkpoint *header);

/**
 * Collective. Reads the strips into the triangle of `matrix` and leaves the rest of it alone.
 * @param path  of the file that has the strips; `header` is that file's
 * Errors: WL_ERROR_DATA where a strip's checksum is wrong (the triangle is then spoilt); WL_ERROR_IO; WL_ERROR_MEMORY.
 */
wl_error wl_checkpoint_read_matrix(const char *path, const wl_checkpoint *header, wl_triangle triangle,
                                   wl_matrix *matrix);

/** Collective. Reads S Z. Errors: WL_ERROR_IO; WL_ERROR_MEMORY. */
wl_error wl_checkpoint_read_products(const char *path, wl_matrix *products);

/**
 * Collective. Reads panel `number`, which may have been written on another grid.
 * @param path  used on rank 0
 * Errors: WL_ERROR_DATA where there is none of this shape; WL_ERROR_IO; WL_ERROR_MEMORY.
 */
wl_error wl_checkpoint_read_panel(const char *path, int number, wl_matrix *panel);

/** Local. Writes the copy of the result file to `to`. Errors: WL_ERROR_IO. */
wl_error wl_checkpoint_extract_results(const char *path, const char *to);

#endif
