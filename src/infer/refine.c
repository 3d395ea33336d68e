#include "infer/refine.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "solve/sweep.h"

enum { MOST_PASSES = 40 };

/* A contraction is that of the columns seen so far: others may do worse by so much. */
static const double safety = 2.0;

/* Scalars of the columns that this rank holds, equal on all ranks of a process column. */
typedef struct scalars {
  double *rho;       /* rᵀz: the square of the error of X in the energy norm, but for O(δ) */
  double *quadratic; /* bᵀS⁻¹b as far as it is known */
  double *work;
} scalars;

static void scalars_destroy(scalars *s) {
  free(s->rho);
  free(s->quadratic);
  free(s->work);
}

static wl_error scalars_create(const wl_matrix *shape, scalars *s) {
  const size_t size = sizeof(double) * (size_t)(shape->local_columns + 1);
  *s = (scalars){malloc(size), malloc(size), malloc(size)};
  wl_error error = WL_OK;
  if (!s->rho || !s->quadratic || !s->work) error = wl_error_set(WL_ERROR_MEMORY, "refinement: out of memory");
  error = wl_error_agree(shape->grid->comm, error);
  if (error != WL_OK) scalars_destroy(s);
  return error;
}

/* dot[j] ← xⱼᵀ yⱼ by local column. */
static void dots(const wl_matrix *x, const wl_matrix *y, double *dot) {
  for (int64_t j = 0; j < x->local_columns; j++)
    dot[j] = cblas_ddot((int)x->local_rows, x->data + j * x->ld, 1, y->data + j * y->ld, 1);
  MPI_Allreduce(MPI_IN_PLACE, dot, (int)x->local_columns, MPI_DOUBLE, MPI_SUM, x->grid->column_comm);
}

/* yⱼ ← yⱼ + sign · aⱼ xⱼ; a = NULL: 1 */
static void add(double sign, const double *a, const wl_matrix *x, wl_matrix *y) {
  for (int64_t j = 0; j < x->local_columns; j++)
    cblas_daxpy((int)x->local_rows, a ? sign * a[j] : sign, x->data + j * x->ld, 1, y->data + j * y->ld, 1);
}

static double largest_of_all(const wl_matrix *shape, double value) {
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, shape->grid->comm);
  return value;
}

static wl_error apply(const wl_mixed *m, const wl_matrix *v, const wl_product *also, wl_matrix *c) {
  const wl_product product = {.v = v, .c = c, .shift = m->shift, .also = also};
  const bool theta = m->kernel == WL_GRAM_THETA;
  return wl_gram_apply(m->points, theta ? &product : NULL, theta ? NULL : &product);
}

/* (L Lᵀ / scale)⁻¹ r; each column is brought to a maximum of one, so that no float under- or overflows. */
wl_error wl_refine_precondition(const wl_mixed *m, const wl_matrix *r, wl_matrix *z) {
  const wl_grid *g = r->grid;
  wl_single *panel = NULL;
  double *scale = malloc(sizeof(double) * (size_t)(r->local_columns + 1));
  wl_error error = scale ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "refinement: out of memory");
  WL_GOTO(error, done, wl_error_agree(g->comm, error));
  WL_GOTO(error, done, wl_single_create(g, r->rows, r->columns, &panel));
  for (int64_t j = 0; j < r->local_columns; j++) {
    scale[j] = 0.0;
    for (int64_t i = 0; i < r->local_rows; i++) scale[j] = fmax(scale[j], fabs(r->data[i + j * r->ld]));
  }
  MPI_Allreduce(MPI_IN_PLACE, scale, (int)r->local_columns, MPI_DOUBLE, MPI_MAX, g->column_comm);
  for (int64_t j = 0; j < r->local_columns; j++)
    if (!(scale[j] > 0.0)) scale[j] = 1.0;
  wl_single_narrow(r, scale, panel);
  WL_GOTO(error, done, wl_triangle_solve_single(m->factor, WL_TRIANGLE_LOWER, 0, panel));
  WL_GOTO(error, done, wl_triangle_solve_single(m->factor, WL_TRIANGLE_LOWER, 1, panel));
  for (int64_t j = 0; j < r->local_columns; j++) scale[j] *= m->scale;
  wl_single_widen(panel, scale, z);
done:
  wl_single_destroy(&panel);
  free(scale);
  return error;
}

/* Whether column j needs no more: what is left of the error after Z is added is at most `contraction` times that of X. */
static bool is_done(const wl_refine_goal *goal, double contraction, double rho, double quadratic, double prior) {
  const double error = contraction * sqrt(fabs(rho)); /* of X + Z */
  if (!goal->prior) return error <= 1e-12 * sqrt(quadratic);
  const double variance = fmax(prior - quadratic, 0.0);
  if (contraction * fabs(rho) > fmax(2e-9 * variance, 2e-14 * prior)) return false;
  return !goal->vectors || error <= 4e-9 * sqrt(fmax(variance, 1e-6 * prior));
}

static bool all_done(const wl_mixed *m, const wl_refine_goal *goal, const wl_matrix *r, const scalars *s) {
  const double contraction = m->contraction > 0.0 ? fmin(1.0, safety * m->contraction) : 1.0;
  double open = 0.0;
  for (int64_t j = 0; j < r->local_columns; j++) {
    const double prior = goal->prior ? goal->prior[wl_matrix_global_column(r, j)] : 0.0;
    if (!is_done(goal, contraction, s->rho[j], s->quadratic[j] + s->rho[j], prior)) open = 1.0;
  }
  return largest_of_all(r, open) == 0.0;
}

/* One pass reduced the squares of the errors from `before` to rho: the worst column tells δ, as far as rounding allows. */
static double learn_contraction(wl_mixed *m, const wl_matrix *r, const double *before, const scalars *s) {
  double worst = 0.0;
  for (int64_t j = 0; j < r->local_columns; j++)
    if (s->rho[j] > 1e-24 * s->quadratic[j] && before[j] > 0.0) worst = fmax(worst, sqrt(s->rho[j] / before[j]));
  worst = largest_of_all(r, worst);
  m->contraction = fmax(m->contraction, worst);
  return worst;
}

static wl_error check_finite(const wl_mixed *m, const wl_matrix *r, const double *values) {
  double bad = 0.0;
  for (int64_t j = 0; j < r->local_columns; j++)
    if (!isfinite(values[j])) bad = 1.0;
  if (largest_of_all(r, bad) == 0.0) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL,
          "solutions with %s in single precision are not finite: set precision: double, or add noise_variance or "
          "jitter",
          m->name);
}

static void note_backward(wl_mixed *m, const wl_matrix *r, const wl_matrix *x, scalars *s) {
  double worst = 0.0;
  dots(x, x, s->work);
  dots(r, r, s->rho);
  for (int64_t j = 0; j < r->local_columns; j++)
    if (s->work[j] > 0.0) worst = fmax(worst, sqrt(s->rho[j] / s->work[j]));
  m->backward = largest_of_all(r, worst);
}

/* X ← M⁻¹ B, R ← B − S X, Z ← M⁻¹ R */
static wl_error begin(wl_mixed *m, const wl_product *also, wl_matrix *r, wl_matrix *x, wl_matrix *z, scalars *s) {
  WL_TRY(wl_refine_precondition(m, r, x));
  dots(r, x, s->quadratic);
  WL_TRY(check_finite(m, r, s->quadratic));
  WL_TRY(apply(m, x, also, z));
  add(-1.0, NULL, z, r);
  note_backward(m, r, x, s);
  dots(x, r, s->work);
  for (int64_t j = 0; j < r->local_columns; j++) s->quadratic[j] += s->work[j];
  WL_TRY(wl_refine_precondition(m, r, z));
  dots(r, z, s->rho);
  WL_TRY(check_finite(m, r, s->rho));
  m->first = fmax(m->first, learn_contraction(m, r, s->quadratic, s));
  return WL_OK;
}

/* One step of conjugate gradients in every column: p is the direction, q room for S p. */
static wl_error advance(wl_mixed *m, wl_matrix *r, wl_matrix *x, wl_matrix *z, wl_matrix *p, wl_matrix *q,
                        scalars *s) {
  double *alpha = s->work;
  WL_TRY(apply(m, p, NULL, q));
  dots(p, q, alpha);
  for (int64_t j = 0; j < r->local_columns; j++) {
    alpha[j] = alpha[j] > 0.0 ? s->rho[j] / alpha[j] : 0.0;
    s->quadratic[j] += alpha[j] * s->rho[j];
  }
  add(1.0, alpha, p, x);
  add(-1.0, alpha, q, r);
  WL_TRY(wl_refine_precondition(m, r, z));
  double *before = alpha;
  memcpy(before, s->rho, sizeof(double) * (size_t)r->local_columns);
  dots(r, z, s->rho);
  WL_TRY(check_finite(m, r, s->rho));
  learn_contraction(m, r, before, s);
  for (int64_t j = 0; j < r->local_columns; j++) { /* p ← z + β p */
    const double beta = before[j] > 0.0 ? s->rho[j] / before[j] : 0.0;
    double *pj = p->data + j * p->ld;
    const double *zj = z->data + j * z->ld;
    for (int64_t i = 0; i < p->local_rows; i++) pj[i] = zj[i] + beta * pj[i];
  }
  return WL_OK;
}

static wl_error iterate(wl_mixed *m, const wl_refine_goal *goal, wl_matrix *r, wl_matrix *x, wl_matrix *z,
                        scalars *s) {
  wl_matrix *p = NULL, *q = NULL;
  WL_TRY(begin(m, goal->also, r, x, z, s));
  int passes = 1;
  wl_error error = WL_OK;
  for (; !all_done(m, goal, r, s); passes++) {
    if (passes == MOST_PASSES) {
      error = wl_error_set(
          WL_ERROR_NUMERICAL,
          "the kernel matrix %s is too ill-conditioned for single precision: after %d passes of refinement its "
          "solutions are not accurate; set precision: double, or add noise_variance or jitter, or remove rows "
          "that (nearly) repeat",
          m->name, passes);
      break;
    }
    if (!p) {
      WL_GOTO(error, done, wl_matrix_create(r->grid, r->rows, r->columns, &p));
      WL_GOTO(error, done, wl_matrix_create(r->grid, r->rows, r->columns, &q));
      wl_matrix_copy(z, p);
    }
    WL_GOTO(error, done, advance(m, r, x, z, p, q, s));
  }
  if (passes > m->passes) m->passes = passes;
done:
  wl_matrix_destroy(&q);
  wl_matrix_destroy(&p);
  return error;
}

/* By local column, equal on all ranks of a process column, to by global column on all ranks. */
static void share(const wl_matrix *shape, const double *local, double *all) {
  memset(all, 0, sizeof(double) * (size_t)shape->columns);
  if (shape->grid->row == 0)
    for (int64_t j = 0; j < shape->local_columns; j++) all[wl_matrix_global_column(shape, j)] = local[j];
  MPI_Allreduce(MPI_IN_PLACE, all, (int)shape->columns, MPI_DOUBLE, MPI_SUM, shape->grid->comm);
}

wl_error wl_refine(wl_mixed *m, const wl_refine_goal *goal, wl_matrix *r, wl_matrix *x, wl_matrix *z,
                   double *quadratic) {
  scalars s;
  WL_TRY(scalars_create(r, &s));
  const wl_error error = iterate(m, goal, r, x, z, &s);
  if (error == WL_OK) {
    for (int64_t j = 0; j < r->local_columns; j++) s.quadratic[j] += s.rho[j];
    share(r, s.quadratic, quadratic);
  }
  scalars_destroy(&s);
  return error;
}
