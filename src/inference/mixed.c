#include "inference/mixed.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "dist/scalapack.h"
#include "kernel/layers.h"
#include "linalg/condition.h"
#include "linalg/factorize.h"
#include "linalg/trsm.h"

enum { PROBES = WL_MIXED_PROBES, RANDOM_COLUMNS = WL_MIXED_RANDOM_COLUMNS, COMBINATIONS = WL_MIXED_COMBINATIONS };

static double random_sign(uint64_t seed, int64_t i, int64_t j) {
  return wl_random_normal(seed, WL_STREAM_PROBE, (uint64_t)i, (uint64_t)j) < 0.0 ? -1.0 : 1.0;
}

static void fill_signs(uint64_t seed, double scale, wl_matrix *g) {
  for (int64_t jl = 0; jl < g->local_columns; jl++)
    for (int64_t il = 0; il < g->local_rows; il++)
      g->data[il + jl * g->ld] =
          scale * random_sign(seed, wl_matrix_global_row(g, il), wl_matrix_global_column(g, jl));
}

/* Σᵢ aᵢⱼ bᵢⱼ of every column, on all ranks; returns their sum. */
static double column_dots(const wl_matrix *a, const wl_matrix *b, double *dot) {
  double sum = 0.0;
  memset(dot, 0, sizeof(double) * (size_t)a->columns);
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    dot[wl_matrix_global_column(a, jl)] =
        cblas_ddot((int)a->local_rows, a->data + jl * a->ld, 1, b->data + jl * b->ld, 1);
  MPI_Allreduce(MPI_IN_PLACE, dot, (int)a->columns, MPI_DOUBLE, MPI_SUM, a->grid->comm);
  for (int64_t j = 0; j < a->columns; j++) sum += dot[j];
  return sum;
}

/* ---- the factor ------------------------------------------------------------------------------------------------- */

static wl_error check_entries(const wl_mixed *m) {
  if (isfinite(m->rounded.norm)) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL, "the kernel matrix %s has entries that are not finite", m->name);
}

wl_error wl_mixed_round(wl_mixed *m, wl_mixed *behind) {
  const bool theta = m->kernel == WL_GRAM_THETA;
  wl_rounded *other = behind ? &behind->rounded : NULL;
  WL_TRY(wl_gram_assemble_single(m->points, m->shift, &m->factor, theta ? &m->rounded : other,
                                 theta ? other : &m->rounded));
  WL_TRY(check_entries(m));
  return behind ? check_entries(behind) : WL_OK;
}

const char *wl_singular_remedy(const wl_points *points) {
  return !points->given && wl_network_is_homogeneous(&points->network)
             ? ", or set sigma_b above 0: without biases, rows that are multiples of one another repeat"
             : "";
}

static wl_error factor(wl_mixed *m, wl_factor_info *info) {
  info->norm = m->rounded.norm;
  int64_t pivot;
  const double began = MPI_Wtime();
  WL_TRY(wl_factorize_single(&m->factor, WL_TRIANGLE_LOWER, m->engine, m->name, &pivot));
  info->seconds = MPI_Wtime() - began;
  if (pivot < 0) return WL_OK;
  WL_FAIL(
      WL_ERROR_NUMERICAL,
      "the kernel matrix %s is not positive definite to the rounding of single precision: its pivot at training "
      "row %lld (counted from 1) vanishes; set precision: double, or add noise_variance or jitter, or remove "
      "rows that (nearly) repeat%s",
      m->name, (long long)pivot + 1, wl_singular_remedy(m->points));
}

/* log det M = 2 Σ log L_ii − n log scale */
static wl_error log_determinant(const wl_mixed *m, double *result) {
  const wl_single *a = &m->factor;
  double *diagonal = malloc(sizeof(double) * (size_t)(a->local_rows + 1)), sum = 0.0;
  wl_error error = diagonal ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "log-determinant: out of memory");
  WL_TRY(wl_error_agree(a->grid->comm, error)); /* a rank that has one leaks it: the run is over */
  for (int64_t i = 0; i < a->local_rows; i++) diagonal[i] = 1.0; /* log 1 = 0 where the entry lives elsewhere */
  wl_single_get_diagonal(a, diagonal);
  for (int64_t i = 0; i < a->local_rows; i++) sum += 2.0 * log(diagonal[i]);
  free(diagonal);
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, a->grid->comm);
  *result = sum - (double)a->rows * log(m->rounded.scale);
  return WL_OK;
}

wl_error wl_mixed_factor(wl_mixed *m, wl_factor_info *info) {
  double inverse_norm;
  *info = (wl_factor_info){0};
  m->contraction = m->first = 0.0;
  m->passes = 0;
  m->residual = 0.0;
  WL_TRY(factor(m, info));
  WL_TRY(log_determinant(m, &info->log_determinant));
  WL_TRY(wl_inverse_norm1_single(&m->factor, m->rounded.scale, &inverse_norm));
  info->reciprocal_condition = 1.0 / (info->norm * inverse_norm);
  return WL_OK;
}

/* ---- probes ----------------------------------------------------------------------------------------------------- */

/* U = √scale L⁻ᵀ G with G random signs, and room for S U. */
typedef struct probes {
  wl_matrix *u, *su;
} probes;

static void probes_destroy(probes *p) {
  wl_matrix_destroy(&p->su);
  wl_matrix_destroy(&p->u);
}

static wl_error probes_create(const wl_mixed *m, uint64_t seed, probes *p) {
  const int64_t n = m->factor.rows;
  *p = (probes){NULL, NULL};
  WL_TRY(wl_matrix_create(m->factor.grid, n, PROBES, &p->u));
  WL_TRY(wl_matrix_create(m->factor.grid, n, PROBES, &p->su));
  fill_signs(seed, sqrt(m->rounded.scale), p->u);
  return wl_triangle_solve_mixed(&m->factor, WL_TRIANGLE_LOWER, WL_TRANS, p->u);
}

/*
 * gᵀ F g = uᵀ S u − n. Its variance is 2 ‖F‖²_F without the diagonal, which gives the second term of log det (I + F).
 */
static wl_error correct_determinant(const wl_mixed *m, const probes *p, wl_factor_info *info,
                                    double *uncertainty) {
  const double n = (double)m->factor.rows;
  double t[PROBES], variance = 0.0;
  const double mean = column_dots(p->u, p->su, t) / PROBES - n;
  for (int j = 0; j < PROBES; j++) variance += (t[j] - n - mean) * (t[j] - n - mean) / (PROBES - 1);
  info->log_determinant += mean - 0.25 * variance;
  *uncertainty = 3.0 * sqrt(variance / PROBES) + 0.25 * variance;
  if (isfinite(info->log_determinant)) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL, "the Cholesky factor of %s is not finite in single precision; set precision: double",
          m->name);
}

/* ---- a few columns ---------------------------------------------------------------------------------------------- */

/* The first columns, as many as both have. */
static void copy_first(const wl_matrix *from, wl_matrix *to) {
  wl_copy_columns(smaller(from->columns, to->columns), from, 0, to, 0);
}

/* [targets | random signs, whose solutions nobody asks for | right-hand sides of test points], on their way */
typedef struct joint {
  int64_t first, columns; /* of the test points; in all */
  wl_grid grid;           /* of v */
  const wl_grid *apart;   /* of the test points alone */
  wl_panels v;
  double *prior, *quadratic;
  probes probes;
  wl_product with_probes;
  wl_refine_goal goal;
} joint;

static void joint_destroy(joint *j) {
  probes_destroy(&j->probes);
  wl_panels_destroy(&j->v);
  free(j->prior);
  free(j->quadratic);
}

/* The right-hand sides; those of the test points go there. */
static wl_error joint_create(uint64_t seed, const wl_mixed_request *request, joint *j) {
  const wl_matrix *y = request->targets->y;
  const int64_t first = y->columns + RANDOM_COLUMNS, count = request->tests ? request->tests->r->columns : 0;
  *j = (joint){.first = first, .columns = first + count, .grid = wl_grid_for_panels(y->grid, first + count)};
  j->prior = malloc(sizeof(double) * (size_t)j->columns);
  j->quadratic = malloc(sizeof(double) * (size_t)j->columns);
  wl_error error = j->prior && j->quadratic ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "refinement: out of memory");
  WL_TRY(wl_error_agree(y->grid->comm, error));
  WL_TRY(wl_panels_create(&j->grid, y->rows, j->columns, &j->v));
  wl_matrix own = wl_matrix_first_columns(j->v.r, first);
  fill_signs(seed, 1.0, &own);
  copy_first(y, j->v.r);
  for (int64_t k = 0; k < first; k++) j->prior[k] = -1.0;
  if (!request->tests) return WL_OK;
  memcpy(j->prior + first, request->goal.prior, sizeof(double) * (size_t)count);
  j->apart = request->tests->r->grid;
  wl_copy_columns(count, request->tests->r, 0, j->v.r, first);
  wl_matrix_destroy(&request->tests->r);
  return WL_OK;
}

/* The columns of the test points; `from` goes, to make room. */
static wl_error take(const joint *j, wl_matrix **from, wl_matrix **to) {
  if (!*from) return WL_OK;
  const wl_matrix *a = *from;
  const int64_t count = j->columns - j->first;
  WL_TRY(wl_matrix_create(j->apart, a->rows, count, to));
  wl_copy_columns(count, a, j->first, *to, 0);
  wl_matrix_destroy(from);
  return WL_OK;
}

static wl_error take_all(joint *j, wl_panels *tests, double *quadratic) {
  memcpy(quadratic, j->quadratic + j->first, sizeof(double) * (size_t)(j->columns - j->first));
  WL_TRY(take(j, &j->v.r, &tests->r));
  WL_TRY(take(j, &j->v.x, &tests->x));
  WL_TRY(take(j, &j->v.z, &tests->z));
  return take(j, &j->v.image, &tests->image);
}

/* What is to be refined for this prior. */
static wl_error begin(uint64_t seed, const wl_mixed_request *request, joint *j, wl_refine_system *system) {
  wl_mixed *m = request->mixed;
  if (!request->targets) {
    *system = (wl_refine_system){m, &request->goal, request->tests, request->quadratic};
    const wl_matrix *r = request->tests->r;
    return wl_panels_create(r->grid, r->rows, r->columns, request->tests);
  }
  WL_TRY(joint_create(seed, request, j));
  WL_TRY(probes_create(m, seed, &j->probes));
  j->with_probes = (wl_product){.v = j->probes.u, .c = j->probes.su, .shift = m->shift};
  j->goal = (wl_refine_goal){
      .prior = j->prior, .vectors = request->goal.vectors, .also = &j->with_probes, .image = request->goal.image};
  *system = (wl_refine_system){m, &j->goal, &j->v, j->quadratic};
  return WL_OK;
}

/* To each its own. */
static wl_error end(const wl_mixed_request *request, joint *j) {
  const wl_mixed_targets *t = request->targets;
  if (!t) return WL_OK;
  WL_TRY(correct_determinant(request->mixed, &j->probes, t->info, t->uncertainty));
  t->info->residual = request->mixed->backward / ((double)t->y->rows * (double)FLT_EPSILON * t->info->norm);
  WL_TRY(wl_check_residual(t->info, request->mixed->name, request->mixed->engine));
  memcpy(t->quadratic, j->quadratic, sizeof(double) * (size_t)t->y->columns);
  copy_first(j->v.x, t->x);
  copy_first(j->v.r, t->r);
  return request->tests ? take_all(j, request->tests, request->quadratic) : WL_OK;
}

wl_error wl_mixed_solve(uint64_t seed, const wl_mixed_request *requests, int count) {
  joint j[2] = {{0}, {0}};
  wl_refine_system systems[2] = {{0}, {0}};
  wl_error error = WL_OK;
  for (int i = 0; i < count && error == WL_OK; i++) error = begin(seed, &requests[i], &j[i], &systems[i]);
  if (error == WL_OK) error = wl_refine(systems, count);
  for (int i = 0; i < count && error == WL_OK; i++) error = end(&requests[i], &j[i]);
  for (int i = 0; i < 2; i++) joint_destroy(&j[i]);
  return error;
}

/* ---- the check -------------------------------------------------------------------------------------------------- */

/* C ← A G with G random signs, w × COMBINATIONS: each rank adds up its columns, the process column that has C gets all. */
static wl_error combine(uint64_t seed, const wl_matrix *a, wl_matrix *c) {
  const wl_grid *grid = a->grid;
  const int64_t rows = a->local_rows;
  double *sum = calloc((size_t)(rows * COMBINATIONS + 1), sizeof(double));
  wl_error error = sum ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "check: out of memory");
  error = wl_error_agree(grid->comm, error);
  if (error == WL_OK) {
    for (int64_t k = 0; k < COMBINATIONS; k++)
      for (int64_t jl = 0; jl < a->local_columns; jl++)
        cblas_daxpy((int)rows, random_sign(seed, -1 - k, wl_matrix_global_column(a, jl)), a->data + jl * a->ld, 1,
                    sum + k * rows, 1);
    MPI_Allreduce(MPI_IN_PLACE, sum, (int)(rows * COMBINATIONS), MPI_DOUBLE, MPI_SUM, grid->row_comm);
    for (int64_t jl = 0; jl < c->local_columns; jl++)
      if (rows > 0)
        memcpy(c->data + jl * c->ld, sum + wl_matrix_global_column(c, jl) * rows, sizeof(double) * (size_t)rows);
  }
  free(sum);
  return error;
}

wl_error wl_mixed_check_create(const wl_mixed *m, uint64_t seed, const wl_matrix *b, const wl_matrix *x,
                               wl_mixed_check *check) {
  const wl_grid *grid = m->factor.grid;
  *check = (wl_mixed_check){NULL, NULL, NULL};
  wl_error error;
  WL_GOTO(error, done, wl_matrix_create(grid, b->rows, COMBINATIONS, &check->right));
  WL_GOTO(error, done, wl_matrix_create(grid, b->rows, COMBINATIONS, &check->solution));
  WL_GOTO(error, done, wl_matrix_create(grid, b->rows, COMBINATIONS, &check->image));
  WL_GOTO(error, done, combine(seed, b, check->right));
  error = combine(seed, x, check->solution);
done:
  if (error != WL_OK) wl_mixed_check_destroy(check);
  return error;
}

void wl_mixed_check_destroy(wl_mixed_check *check) {
  wl_matrix_destroy(&check->right);
  wl_matrix_destroy(&check->solution);
  wl_matrix_destroy(&check->image);
}

/* ‖e‖²_S ≈ rᵀ M⁻¹ r for each combination, against ‖X G‖²_S ≈ (X G)ᵀ B G */
wl_error wl_mixed_check_residual(const wl_mixed *m, wl_mixed_check *check) {
  wl_matrix *residual = check->image;
  double dot[COMBINATIONS];
  const double energy = column_dots(check->solution, check->right, dot);
  for (int64_t k = 0; k < residual->ld * residual->local_columns; k++)
    residual->data[k] = check->right->data[k] - residual->data[k];
  WL_TRY(wl_refine_precondition(m, residual, check->solution));
  const double error = column_dots(residual, check->solution, dot);
  if (fabs(error) <= 1e-16 * fabs(energy)) return WL_OK;
  WL_FAIL(
      WL_ERROR_NUMERICAL,
      "refined solutions with %s are wrong by %.1e of their size: it is too ill-conditioned for single precision; "
      "set precision: double, or add noise_variance or jitter",
      m->name, sqrt(fabs(error / energy)));
}
