/*
 * From what was observed to p-values. Null distributions, all exact but for Kolmogorov's (tests.c):
 *
 *   sum of K squares at a point, or along a whitened coordinate, over Σ_tt + τ       χ²(K), hence χ²(R K) over replicates
 *   all whitened squares together                                                    χ²(R K m)
 *   ratio of two such mean squares, at a point or all together                       F(R K, R K), F(R K m, R K m)
 *   squared norm of the mean of D whitened functions, times D                        χ²(m)
 *   correlation of two whitened functions over R m numbers, of two coordinates over D   t
 */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "certificate/certifier.h"
#include "certificate/p_values.h"

/* The smallest p of many, the largest statistic, and the first p. */
typedef struct worst {
  double p, statistic, first;
} worst;

static const worst nothing_yet = {2.0, 0.0, 2.0};

static void take(worst *w, double p, double statistic, bool first) {
  if (!(p >= w->p)) w->p = isfinite(p) ? p : 0.0;
  if (!(statistic <= w->statistic)) w->statistic = isfinite(statistic) ? statistic : INFINITY;
  if (first) w->first = p;
}

static void agree_worst(MPI_Comm comm, worst *w) {
  double low[2] = {w->p, w->first};
  MPI_Allreduce(MPI_IN_PLACE, low, 2, MPI_DOUBLE, MPI_MIN, comm);
  MPI_Allreduce(MPI_IN_PLACE, &w->statistic, 1, MPI_DOUBLE, MPI_MAX, comm);
  w->p = low[0];
  w->first = low[1];
}

static void set_test(const wl_certifier *c, wl_test_name name, double statistic, double p, double single_p) {
  const double bound = c->options->false_alarm / WL_TEST_FIRST_EXACT;
  c->certificate->test[name] = (wl_test){.statistic = statistic,
                                         .p = p,
                                         .single_p = single_p,
                                         .bound = bound,
                                         .passed = isfinite(statistic) && p >= bound};
}

/* What the test compares need not agree. */
static void omit(const wl_certifier *c, wl_test_name name) {
  const double bound = c->options->false_alarm / WL_TEST_FIRST_EXACT;
  c->certificate->test[name] =
      (wl_test){.statistic = NAN, .p = NAN, .single_p = NAN, .bound = bound, .passed = true, .omitted = true};
}

static void set_worst(const wl_certifier *c, wl_test_name name, const worst *w, double count) {
  set_test(c, name, w->statistic, wl_bonferroni(w->p, count), w->first);
}

static MPI_Comm all(const wl_certifier *c) { return c->covariance->grid->comm; }
static int64_t rows(const wl_certifier *c) { return c->covariance->local_rows; }
static int64_t global_row(const wl_certifier *c, int64_t il) { return wl_matrix_global_row(c->covariance, il); }

/* Sum over replicates at local row il. */
static double point_sum(const wl_statistics *o, int64_t il) {
  double sum = 0.0;
  for (int64_t r = 0; r < o->replicates; r++) sum += o->point[il * o->replicates + r];
  return sum;
}

/* Mean squares against the analytic variance at each point, in standard errors. */
static void test_points(const wl_certifier *c, const wl_statistics *o, wl_test_name name) {
  const double degrees = (double)(o->replicates * o->degrees);
  worst w = nothing_yet;
  for (int64_t il = 0; il < rows(c); il++) {
    const double sum = point_sum(o, il);
    take(&w, wl_chi_square_p(sum, degrees), fabs(wl_chi_square_errors(sum, degrees)), global_row(c, il) == 0);
  }
  agree_worst(all(c), &w);
  set_worst(c, name, &w, (double)c->test);
}

/* The R sums at each point against χ²(K), by Kolmogorov's distance. */
static wl_error test_law_points(const wl_certifier *c, const wl_statistics *o, wl_test_name name) {
  double *u = malloc(sizeof(double) * (size_t)o->replicates);
  wl_error error = u ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "certificate: out of memory");
  error = wl_error_agree(all(c), error);
  worst w = nothing_yet;
  for (int64_t il = 0; il < rows(c) && error == WL_OK; il++) {
    for (int64_t r = 0; r < o->replicates; r++)
      u[r] = gsl_cdf_chisq_P(o->point[il * o->replicates + r], (double)o->degrees);
    const double distance = wl_kolmogorov_distance(o->replicates, u);
    take(&w, wl_kolmogorov_p(o->replicates, distance), distance, global_row(c, il) == 0);
  }
  free(u);
  if (error != WL_OK) return error;
  agree_worst(all(c), &w);
  set_worst(c, name, &w, (double)c->test);
  return WL_OK;
}

/* Sum over the ranks of one process column: a whole vector, once. */
static double sum_rows(const wl_certifier *c, double value) {
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_SUM, c->covariance->grid->column_comm);
  return value;
}

static double joint_degrees(const wl_certifier *c, const wl_statistics *o) {
  return (double)(o->replicates * o->degrees) * (double)c->test;
}

static void test_joint(const wl_certifier *c, const wl_statistics *o, wl_test_name name) {
  const double sum = sum_rows(c, o->total), degrees = joint_degrees(c, o), p = wl_chi_square_p(sum, degrees);
  set_test(c, name, wl_chi_square_errors(sum, degrees), p, p);
}

static void test_law(const wl_certifier *c, int64_t *bins, wl_test_name name) {
  int64_t count;
  MPI_Allreduce(MPI_IN_PLACE, bins, WL_LAW_BINS, MPI_INT64_T, MPI_SUM, all(c));
  const double distance = wl_law_distance(bins, &count), p = wl_kolmogorov_p(count, distance);
  set_test(c, name, distance, p, p);
}

/* ‖√D w̄‖² ~ χ²(m) */
static void test_mean(const wl_certifier *c, const wl_statistics *o, wl_test_name name) {
  double sum = 0.0;
  for (int64_t il = 0; il < rows(c); il++) sum += o->sum[il] * o->sum[il] / (double)o->columns;
  sum = sum_rows(c, sum);
  const double p = wl_chi_square_p(sum, (double)c->test);
  set_test(c, name, wl_chi_square_errors(sum, (double)c->test), p, p);
}

/* ‖√(D/2) (w̄ − w̄')‖² ~ χ²(m) */
static void test_two_means(const wl_certifier *c, const wl_statistics *a, const wl_statistics *b,
                           wl_test_name name) {
  double sum = 0.0;
  for (int64_t il = 0; il < rows(c); il++) {
    const double difference = a->sum[il] - b->sum[il];
    sum += difference * difference / (double)(a->columns + b->columns);
  }
  sum = sum_rows(c, sum);
  const double p = wl_chi_square_p(sum, (double)c->test);
  set_test(c, name, wl_chi_square_errors(sum, (double)c->test), p, p);
}

/* Mean squares of two kinds against each other at each point; the statistic is the ratio furthest from 1. */
static void test_ratio_points(const wl_certifier *c, const wl_statistics *a, const wl_statistics *b,
                              wl_test_name name) {
  worst w = nothing_yet;
  for (int64_t il = 0; il < rows(c); il++) {
    const double ratio = point_sum(a, il) / point_sum(b, il);
    take(&w, wl_ratio_p(ratio, (double)(a->replicates * a->degrees)), fmax(ratio, 1.0 / ratio),
         global_row(c, il) == 0);
  }
  agree_worst(all(c), &w);
  set_worst(c, name, &w, (double)c->test);
}

static void test_ratio_joint(const wl_certifier *c, const wl_statistics *a, const wl_statistics *b,
                             wl_test_name name) {
  const double ratio = sum_rows(c, a->total) / sum_rows(c, b->total), p = wl_ratio_p(ratio, joint_degrees(c, a));
  set_test(c, name, ratio, p, p);
}

/* Correlations among `size` functions over all their R m whitened numbers; products stand on rank 0. */
static void test_pairs(const wl_certifier *c, const double *products, int64_t size, wl_test_name name) {
  const double count = (double)c->options->replicates * (double)c->test, pairs = 0.5 * (double)(size * (size - 1));
  worst w = nothing_yet;
  if (c->covariance->grid->rank == 0)
    for (int64_t i = 0; i < size; i++)
      for (int64_t j = i + 1; j < size; j++) {
        const double r = products[i * size + j] / sqrt(products[i * size + i] * products[j * size + j]);
        take(&w, wl_correlation_p(r, count), fabs(r), i == 0 && j == 1);
      }
  agree_worst(all(c), &w);
  set_worst(c, name, &w, pairs);
}

/* Second moments of whitened coordinates: variances χ²(D), correlations t(D − 1). The statistic is the correlation. */
static wl_error test_covariance(const wl_certifier *c) {
  const wl_matrix *s = c->moment;
  const int64_t m = c->test, count = c->bayesian.columns;
  double *variance = calloc((size_t)m, sizeof(double));
  wl_error error = variance ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "certificate: out of memory");
  WL_TRY(wl_error_agree(all(c), error));
  worst w = nothing_yet;
  for (int64_t il = 0; il < rows(c); il++) {
    variance[global_row(c, il)] = c->bayesian.square[il];
    take(&w, wl_chi_square_p(c->bayesian.square[il], (double)count), 0.0, m == 1 && global_row(c, il) == 0);
  }
  MPI_Allreduce(MPI_IN_PLACE, variance, (int)m, MPI_DOUBLE, MPI_SUM, s->grid->column_comm);
  double largest = 0.0;
  for (int64_t jl = 0; jl < s->local_columns; jl++)
    for (int64_t il = 0; il < s->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(s, il), j = wl_matrix_global_column(s, jl);
      if (i <= j) continue;
      const double r = s->data[il + jl * s->ld] / sqrt(variance[i] * variance[j]);
      if (i == 1) w.first = wl_correlation_p(r, (double)count);
      if (!(fabs(r) <= largest)) largest = isfinite(r) ? fabs(r) : 1.0;
    }
  if (m > 1 && count > 1) take(&w, wl_correlation_p(largest, (double)count), largest, false);
  free(variance);
  agree_worst(all(c), &w);
  set_worst(c, WL_TEST_BAYESIAN_COVARIANCE, &w, 0.5 * (double)m * (double)(m + 1));
  return WL_OK;
}

wl_error wl_certify_test(wl_certifier *c) {
  const int64_t k = c->options->heads;
  test_points(c, &c->rnd, WL_TEST_RND_POINTS);
  WL_TRY(test_law_points(c, &c->rnd, WL_TEST_RND_LAW_POINTS));
  test_joint(c, &c->rnd, WL_TEST_RND_JOINT);
  test_law(c, c->rnd.coordinate_law, WL_TEST_RND_LAW_JOINT);
  test_mean(c, &c->rnd, WL_TEST_RND_MEAN);
  test_points(c, &c->ensemble, WL_TEST_ENSEMBLE_POINTS);
  WL_TRY(test_law_points(c, &c->ensemble, WL_TEST_ENSEMBLE_LAW_POINTS));
  test_joint(c, &c->ensemble, WL_TEST_ENSEMBLE_JOINT);
  test_law(c, c->ensemble.coordinate_law, WL_TEST_ENSEMBLE_LAW_JOINT);
  test_mean(c, &c->ensemble, WL_TEST_ENSEMBLE_MEAN);
  if (wl_certifier_has_target(c)) {
    omit(c, WL_TEST_RND_ENSEMBLE_POINTS);
    omit(c, WL_TEST_RND_ENSEMBLE_JOINT);
  } else {
    test_ratio_points(c, &c->rnd, &c->ensemble, WL_TEST_RND_ENSEMBLE_POINTS);
    test_ratio_joint(c, &c->rnd, &c->ensemble, WL_TEST_RND_ENSEMBLE_JOINT);
  }

  test_points(c, &c->bayesian, WL_TEST_BAYESIAN_POINTS);
  test_law(c, c->bayesian.entry_law, WL_TEST_BAYESIAN_MARGINALS);
  test_law(c, c->bayesian.norm_law, WL_TEST_BAYESIAN_NORMS);
  test_joint(c, &c->bayesian, WL_TEST_BAYESIAN_JOINT);
  WL_TRY(test_covariance(c));
  test_mean(c, &c->bayesian, WL_TEST_BAYESIAN_MEAN);

  test_joint(c, &c->posterior, WL_TEST_POSTERIOR_JOINT);
  test_law(c, c->posterior.norm_law, WL_TEST_POSTERIOR_NORMS);
  test_mean(c, &c->posterior, WL_TEST_POSTERIOR_MEAN);
  test_ratio_points(c, &c->bayesian, &c->posterior, WL_TEST_SUM_POINTS);
  test_ratio_joint(c, &c->bayesian, &c->posterior, WL_TEST_SUM_JOINT);
  test_two_means(c, &c->bayesian, &c->posterior, WL_TEST_SUM_MEAN);
  test_pairs(c, c->pairs, 2 * k + 1, WL_TEST_HEADS_INDEPENDENT);
  test_pairs(c, c->bayesian_pairs, 2 * k, WL_TEST_BAYESIAN_INDEPENDENT);

  c->certificate->passed = true;
  for (int t = 0; t < WL_TEST_COUNT; t++) c->certificate->passed &= c->certificate->test[t].passed;
  return WL_OK;
}
