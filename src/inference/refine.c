#include "inference/refine.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/trsm.h"

enum { MOST_PASSES = 40 };

/* Contraction up to which a second step is as good without the coefficient of conjugate gradients, which is known after its pass. */
static const double plain_most = 0.05;

/* A contraction is that of the columns seen so far: others may do worse by so much. */
static const double safety = 2.0;

/* Scalars of the columns that this rank holds, equal on all ranks of a process column. */
typedef struct scalars {
  double *rho;       /* rᵀz: the square of the error of X in the energy norm, but for O(δ) */
  double *quadratic; /* bᵀS⁻¹b as far as it is known */
  double *right;     /* bᵀb */
  double *work;
} scalars;

wl_error wl_panels_create(const wl_grid *grid, int64_t rows, int64_t columns, wl_panels *panels) {
  wl_matrix **const all[] = {&panels->r, &panels->x, &panels->z};
  for (int i = 0; i < 3; i++)
    if (!*all[i]) WL_TRY(wl_matrix_create(grid, rows, columns, all[i]));
  return WL_OK;
}

void wl_panels_destroy(wl_panels *panels) {
  wl_matrix_destroy(&panels->r);
  wl_matrix_destroy(&panels->x);
  wl_matrix_destroy(&panels->z);
  wl_matrix_destroy(&panels->image);
}

static void scalars_destroy(scalars *s) {
  free(s->rho);
  free(s->quadratic);
  free(s->right);
  free(s->work);
}

static wl_error scalars_create(const wl_matrix *shape, scalars *s) {
  const size_t size = sizeof(double) * (size_t)(shape->local_columns + 1);
  *s = (scalars){malloc(size), malloc(size), malloc(size), malloc(size)};
  wl_error error = WL_OK;
  if (!s->rho || !s->quadratic || !s->right || !s->work)
    error = wl_error_set(WL_ERROR_MEMORY, "refinement: out of memory");
  return wl_error_agree(shape->grid->comm, error);
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
  wl_single_round(r, scale, panel);
  WL_GOTO(error, done, wl_triangle_solve_single(&m->factor, WL_TRIANGLE_LOWER, WL_NO_TRANS, panel));
  WL_GOTO(error, done, wl_triangle_solve_single(&m->factor, WL_TRIANGLE_LOWER, WL_TRANS, panel));
  for (int64_t j = 0; j < r->local_columns; j++) scale[j] *= m->rounded.scale;
  wl_single_widen(panel, scale, z);
done:
  wl_single_destroy(&panel);
  free(scale);
  return error;
}

/*
 * Whether a column needs no more: what is left of the error after Z is added is at most `contraction` times that of X. Columns
 * that are no test points give means bᵀX + wᵀR, where w is wrong by contraction² of its size or less.
 */
static bool is_done(const wl_refine_goal *goal, double contraction, double rho, double quadratic, double prior) {
  const double error = contraction * sqrt(fabs(rho)); /* of X + Z */
  if (prior < 0.0) return contraction * error <= 1e-12 * sqrt(quadratic);
  const double variance = fmax(prior - quadratic, 0.0);
  if (contraction * fabs(rho) > fmax(2e-9 * variance, 2e-14 * prior)) return false;
  if (goal->image && fabs(rho) > 1e-10 * fmax(variance, 1e-6 * prior)) return false;
  return !goal->vectors || error <= 4e-9 * sqrt(fmax(variance, 1e-6 * prior));
}

/* How many columns go on, from the first to the last that is not done. */
static int64_t count_open(const wl_mixed *m, const wl_refine_goal *goal, const wl_matrix *r, const scalars *s) {
  const double contraction = m->contraction > 0.0 ? fmin(1.0, safety * m->contraction) : 1.0;
  double open = 0.0;
  for (int64_t j = 0; j < r->local_columns; j++) {
    const int64_t all = wl_matrix_global_column(r, j);
    if (!is_done(goal, contraction, s->rho[j], s->quadratic[j] + s->rho[j], goal->prior[all]))
      open = (double)(all + 1);
  }
  return (int64_t)largest_of_all(r, open);
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

/* Of the columns whose solutions are needed; those that have left are not better. */
static void note_residual(wl_mixed *m, const wl_refine_goal *goal, const wl_matrix *r, scalars *s) {
  double worst = 0.0;
  dots(r, r, s->work);
  for (int64_t j = 0; j < r->local_columns; j++)
    if ((goal->vectors || goal->prior[wl_matrix_global_column(r, j)] < 0.0) && s->right[j] > 0.0)
      worst = fmax(worst, sqrt(s->work[j] / s->right[j]));
  m->residual = fmax(m->residual, largest_of_all(r, worst));
}

/* ---- the steps, each up to its pass over S and from there on ------------------------------------------------------ */

/* One system on its way. */
typedef struct iteration {
  wl_mixed *m;
  const wl_refine_goal *goal;
  wl_panels *v;
  scalars s;
  int64_t open; /* the first columns, which go on */
  int passes;
  bool plain;                     /* the second step goes without conjugate gradients */
  wl_matrix *direction, *moved;   /* of conjugate gradients; room for S times it, or times Z */
  wl_matrix r, x, z, p, q;        /* the open columns of those */
  wl_product product, with_kappa; /* for the next pass; c = NULL: none */
} iteration;

/* One pass over the kernels of all. */
static wl_error apply_all(iteration *all, int count) {
  const wl_product *theta = NULL, *kappa = NULL;
  for (int i = 0; i < count; i++)
    if (all[i].product.c) *(all[i].m->kernel == WL_GRAM_THETA ? &theta : &kappa) = &all[i].product;
  for (int i = 0; i < count; i++)
    if (all[i].with_kappa.c) {
      all[i].with_kappa.also = kappa;
      kappa = &all[i].with_kappa;
    }
  WL_TRY(wl_gram_multiply(all->m->points, theta, kappa));
  for (int i = 0; i < count; i++) all[i].product.c = all[i].with_kappa.c = NULL;
  return WL_OK;
}

/* X ← M⁻¹ B, R ← B − S X, Z ← M⁻¹ R */
static wl_error before_first(iteration *c) {
  const wl_panels *v = c->v;
  dots(v->r, v->r, c->s.right);
  WL_TRY(wl_refine_precondition(c->m, v->r, v->x));
  dots(v->r, v->x, c->s.quadratic);
  WL_TRY(check_finite(c->m, v->r, c->s.quadratic));
  c->product = (wl_product){.v = v->x, .c = v->z, .shift = c->m->shift, .also = c->goal->also};
  return WL_OK;
}

static wl_error after_first(iteration *c) {
  const wl_panels *v = c->v;
  scalars *s = &c->s;
  add(-1.0, NULL, v->z, v->r);
  note_backward(c->m, v->r, v->x, s);
  dots(v->x, v->r, s->work);
  for (int64_t j = 0; j < v->r->local_columns; j++) s->quadratic[j] += s->work[j];
  WL_TRY(wl_refine_precondition(c->m, v->r, v->z));
  dots(v->r, v->z, s->rho);
  WL_TRY(check_finite(c->m, v->r, s->rho));
  c->m->first = fmax(c->m->first, learn_contraction(c->m, v->r, s->quadratic, s));
  return WL_OK;
}

/* Z ← M⁻¹ R with its scalars; what rho was before is in s->work. */
static wl_error renew(iteration *c) {
  scalars *s = &c->s;
  WL_TRY(wl_refine_precondition(c->m, &c->r, &c->z));
  memcpy(s->work, s->rho, sizeof(double) * (size_t)c->r.local_columns);
  dots(&c->r, &c->z, s->rho);
  WL_TRY(check_finite(c->m, &c->r, s->rho));
  learn_contraction(c->m, &c->r, s->work, s);
  return WL_OK;
}

/* The same once more, X ← X + Z, R ← R − S Z, Z ← M⁻¹ R, with κ X in the same pass where it is wanted. */
static void before_second(iteration *c) {
  add(1.0, NULL, &c->z, &c->x);
  c->product = (wl_product){.v = &c->z, .c = &c->q, .shift = c->m->shift};
  if (c->v->image) c->with_kappa = (wl_product){.v = c->v->x, .c = c->v->image};
}

static wl_error after_second(iteration *c) {
  scalars *s = &c->s;
  add(-1.0, NULL, &c->q, &c->r);
  dots(&c->z, &c->r, s->work);
  for (int64_t j = 0; j < c->r.local_columns; j++) s->quadratic[j] += s->rho[j] + s->work[j];
  return renew(c);
}

/* One step of conjugate gradients in every column: p is the direction, q room for S p. */
static wl_error after_gradient(iteration *c) {
  scalars *s = &c->s;
  double *alpha = s->work;
  dots(&c->p, &c->q, alpha);
  for (int64_t j = 0; j < c->p.local_columns; j++) {
    alpha[j] = alpha[j] > 0.0 ? s->rho[j] / alpha[j] : 0.0;
    s->quadratic[j] += alpha[j] * s->rho[j];
  }
  add(1.0, alpha, &c->p, &c->x);
  add(-1.0, alpha, &c->q, &c->r);
  WL_TRY(renew(c));
  for (int64_t j = 0; j < c->p.local_columns; j++) { /* p ← z + β p */
    const double before = s->work[j], beta = before > 0.0 ? s->rho[j] / before : 0.0;
    double *pj = c->p.data + j * c->p.ld;
    const double *zj = c->z.data + j * c->z.ld;
    for (int64_t i = 0; i < c->p.local_rows; i++) pj[i] = zj[i] + beta * pj[i];
  }
  return WL_OK;
}

static bool is_second(const iteration *c) { return c->passes == 1 && c->plain; }

/* A step with the open columns: a plain one the first time, where that is good enough. */
static wl_error before_step(iteration *c) {
  const wl_matrix *whole = c->v->r;
  const bool starts = !is_second(c) && !c->direction;
  if (c->passes == MOST_PASSES)
    WL_FAIL(WL_ERROR_NUMERICAL,
            "the kernel matrix %s is too ill-conditioned for single precision: after %d passes of refinement its "
            "solutions are not accurate; set precision: double, or add noise_variance or jitter, or remove rows "
            "that (nearly) repeat",
            c->m->name, c->passes);
  if (c->passes > 1) wl_matrix_destroy(&c->v->image); /* X moves on */
  if (!c->moved) WL_TRY(wl_matrix_create(whole->grid, whole->rows, c->open, &c->moved));
  if (starts) WL_TRY(wl_matrix_create(whole->grid, whole->rows, c->open, &c->direction));
  c->r = wl_matrix_first_columns(c->v->r, c->open);
  c->x = wl_matrix_first_columns(c->v->x, c->open);
  c->z = wl_matrix_first_columns(c->v->z, c->open);
  c->q = wl_matrix_first_columns(c->moved, c->open);
  if (c->direction) c->p = wl_matrix_first_columns(c->direction, c->open);
  if (starts) wl_matrix_copy(&c->z, &c->p);
  if (is_second(c))
    before_second(c);
  else
    c->product = (wl_product){.v = &c->p, .c = &c->q, .shift = c->m->shift};
  return WL_OK;
}

static wl_error after_step(iteration *c) {
  WL_TRY(is_second(c) ? after_second(c) : after_gradient(c));
  c->passes++;
  c->open = count_open(c->m, c->goal, &c->r, &c->s);
  return WL_OK;
}

/*
 * Where S has an eigenvalue near or below single precision's rounding, M can be far larger than S in that direction, and
 * rᵀ M⁻¹ r far smaller than the error that it stands for. Columns then lose next to nothing in their first pass.
 */
static const double largest_first = 0.5;

static wl_error check_first(const wl_mixed *m) {
  if (m->first <= largest_first) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL,
          "the kernel matrix %s is too ill-conditioned for single precision: a first solution with its factor is "
          "wrong by %.0f %%; set precision: double, or add noise_variance or jitter, or remove rows that (nearly) "
          "repeat",
          m->name, 100.0 * m->first);
}

/* What the first pass says of the others. */
static wl_error look_ahead(iteration *c) {
  const wl_matrix *r = c->v->r;
  WL_TRY(check_first(c->m));
  c->passes = 1;
  c->plain = c->m->first <= plain_most;
  if (c->goal->image && c->plain) WL_TRY(wl_matrix_create(r->grid, r->rows, r->columns, &c->v->image));
  c->open = c->v->image ? r->columns : count_open(c->m, c->goal, r, &c->s);
  return WL_OK;
}

static wl_error iterate(iteration *all, int count) {
  for (int i = 0; i < count; i++) WL_TRY(before_first(&all[i]));
  WL_TRY(apply_all(all, count));
  for (int i = 0; i < count; i++) WL_TRY(after_first(&all[i]));
  for (int i = 0; i < count; i++) WL_TRY(look_ahead(&all[i]));
  for (;;) {
    bool steps[2] = {false, false};
    for (int i = 0; i < count; i++) {
      steps[i] = all[i].open > 0;
      if (steps[i]) WL_TRY(before_step(&all[i]));
    }
    if (!steps[0] && !steps[1]) return WL_OK;
    WL_TRY(apply_all(all, count));
    for (int i = 0; i < count; i++)
      if (steps[i]) WL_TRY(after_step(&all[i]));
  }
}

/* By local column, equal on all ranks of a process column, to by global column on all ranks. */
static void share(const wl_matrix *shape, const double *local, double *all) {
  memset(all, 0, sizeof(double) * (size_t)shape->columns);
  if (shape->grid->row == 0)
    for (int64_t j = 0; j < shape->local_columns; j++) all[wl_matrix_global_column(shape, j)] = local[j];
  MPI_Allreduce(MPI_IN_PLACE, all, (int)shape->columns, MPI_DOUBLE, MPI_SUM, shape->grid->comm);
}

static void iteration_destroy(iteration *c) {
  wl_matrix_destroy(&c->moved);
  wl_matrix_destroy(&c->direction);
  scalars_destroy(&c->s);
}

/* bᵀ S⁻¹ b with its last term. */
static void conclude(iteration *c, double *quadratic) {
  note_residual(c->m, c->goal, c->v->r, &c->s);
  if (c->passes > c->m->passes) c->m->passes = c->passes;
  for (int64_t j = 0; j < c->v->r->local_columns; j++) c->s.quadratic[j] += c->s.rho[j];
  share(c->v->r, c->s.quadratic, quadratic);
}

wl_error wl_refine(const wl_refine_system *systems, int count) {
  iteration all[2] = {{0}, {0}};
  wl_error error = WL_OK;
  for (int i = 0; i < count && error == WL_OK; i++) {
    all[i] = (iteration){.m = systems[i].mixed, .goal = systems[i].goal, .v = systems[i].panels};
    error = scalars_create(systems[i].panels->r, &all[i].s);
  }
  if (error == WL_OK) error = iterate(all, count);
  for (int i = 0; i < count && error == WL_OK; i++) conclude(&all[i], systems[i].quadratic);
  for (int i = 0; i < count; i++) iteration_destroy(&all[i]);
  return error;
}
