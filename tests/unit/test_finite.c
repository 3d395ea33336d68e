/* Finite networks: training against its linearization, exact laws, and the statistics that the verdicts rest on. The networks
   themselves: test_finite_nets. */
#include "finite/dense.h"
#include "finite/statistics.h"
#include "finite_fixture.h"

/* A network that is linear in its parameters (depth 1) ends where the closed form says, also beyond the training points:
   gradient descent to 1e-12 and one solve. */
static void descent_against_closed_form(void **state) {
  (void)state;
  enum { TRAIN = 3 };
  fixture f = make(WL_ACTIVATION_IDENTITY, 1, 2);
  double kappa[POINTS * POINTS], lower[4 * POINTS * POINTS] = {0}, targets[2 * TRAIN] = {1, -1, 0.5, 2, 0, 0.3};
  for (int i = 0; i < POINTS; i++)
    for (int j = 0; j < POINTS; j++)
      kappa[i * POINTS + j] = 2.0 / DIMENSION * dot(DIMENSION, f.x + i * DIMENSION, f.x + j * DIMENSION) + 0.16;
  wl_net_forward(f.net, f.parameters, POINTS, f.x, f.tape, f.out);
  wl_trained closed, trained;
  const wl_linearization linear = {2, TRAIN, POINTS, kappa, lower, 0.0, 0.0, 1e-9};
  assert_int_equal(wl_net_linearized(&linear, targets, f.out, &closed), WL_OK);
  assert_true(closed.converged);
  const wl_descent options = {.step = 0.1, .momentum = 0.8, .residual = 1e-12, .steps = 100000};
  trained = wl_net_descend(f.net, &options, TRAIN, f.x, targets, f.tape, f.parameters, f.work);
  assert_true(trained.converged);
  wl_net_forward(f.net, f.parameters, POINTS, f.x, f.tape, f.other);
  for (int i = 0; i < 2 * POINTS; i++) must_be(f.other[i], f.out[i], 1e-9, "trained output");
  drop(&f);
}

/* S⁻¹ (I − e^{−tS}) = t Σ_k (−tS)^k/(k + 1)!, also of a singular S; ‖tS‖ < 1, so 30 terms leave nothing. */
static void flow_against_series(void **state) {
  (void)state;
  enum { N = 3 };
  const double S[N * N] = {2.0, 1.0, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25, 0.9}, time = 0.3;
  double flow[N * N], sum[N * N] = {0}, term[N * N] = {time, 0, 0, 0, time, 0, 0, 0, time}, next[N * N];
  memcpy(flow, S, sizeof flow);
  assert_int_equal(wl_dense_flow(N, time, flow), WL_OK);
  for (int k = 0; k < 30; k++) {
    for (int i = 0; i < N * N; i++) sum[i] += term[i];
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        next[i * N + j] = 0.0;
        for (int l = 0; l < N; l++) next[i * N + j] -= term[i * N + l] * S[l * N + j] * time / (k + 2);
      }
    memcpy(term, next, sizeof term);
  }
  for (int i = 0; i < N * N; i++) must_be(flow[i], sum[i], 1e-15, "flow");
}

/* The linear network of depth 1 at time 1/2 by Euler's steps h and h/2, 2 f(h/2) − f(h) = f + O(h²), h = 1/2000. */
static void descent_to_a_time(void **state) {
  (void)state;
  enum { TRAIN = 3 };
  fixture f = make(WL_ACTIVATION_IDENTITY, 1, 2);
  double kappa[POINTS * POINTS], lower[4 * POINTS * POINTS] = {0}, targets[2 * TRAIN] = {1, -1, 0.5, 2, 0, 0.3};
  double coarse[2 * POINTS];
  for (int i = 0; i < POINTS; i++)
    for (int j = 0; j < POINTS; j++)
      kappa[i * POINTS + j] = 2.0 / DIMENSION * dot(DIMENSION, f.x + i * DIMENSION, f.x + j * DIMENSION) + 0.16;
  wl_net_forward(f.net, f.parameters, POINTS, f.x, f.tape, f.out);
  wl_trained trained;
  const wl_linearization linear = {2, TRAIN, POINTS, kappa, lower, 0.0, 0.5, 1e-9};
  assert_int_equal(wl_net_linearized(&linear, targets, f.out, &trained), WL_OK);
  assert_true(trained.converged);
  for (int64_t steps = 1000; steps <= 2000; steps *= 2) {
    const wl_descent options = {.step = 0.5 / (double)steps, .steps = steps, .timed = true};
    wl_net_draw(f.net, &(wl_net_source){3, WL_STREAM_FINITE_PREDICTOR, 0, false}, f.parameters);
    trained = wl_net_descend(f.net, &options, TRAIN, f.x, targets, f.tape, f.parameters, f.work);
    assert_true(trained.converged);
    assert_int_equal(trained.steps, steps);
    if (steps == 1000) wl_net_forward(f.net, f.parameters, POINTS, f.x, f.tape, coarse);
  }
  wl_net_forward(f.net, f.parameters, POINTS, f.x, f.tape, f.other);
  for (int i = 0; i < 2 * POINTS; i++) must_be(2.0 * f.other[i] - coarse[i], f.out[i], 1e-5, "output at a time");
  drop(&f);
}

static void descent_that_fails(void **state) {
  (void)state;
  fixture f = make(WL_ACTIVATION_ERF, 3, 2);
  double targets[2 * POINTS] = {1, 2, 3};
  const wl_descent few = {.step = 1e-3, .residual = 1e-9, .steps = 7};
  wl_trained t = wl_net_descend(f.net, &few, POINTS, f.x, targets, f.tape, f.parameters, f.work);
  assert_false(t.converged);
  assert_int_equal(t.steps, 7);
  const wl_descent wild = {.step = 1e3, .momentum = 0.9, .residual = 1e-9, .steps = 100000};
  t = wl_net_descend(f.net, &wild, POINTS, f.x, targets, f.tape, f.parameters, f.work);
  assert_false(t.converged);
  drop(&f);
}

/* Moments of 40,000 normal numbers: mean, variance, and neighbours apart, to 5 standard errors. */
static void normal_numbers(void **state) {
  (void)state;
  enum { COUNT = 40000 };
  double *v = numbers(COUNT, 9), sum = 0.0;
  for (int i = 0; i < COUNT; i++) sum += v[i];
  must_be(sum / COUNT, 0.0, 5.0 / sqrt(COUNT), "mean");
  must_be(dot(COUNT, v, v) / COUNT, 1.0, 5.0 * sqrt(2.0 / COUNT), "variance");
  must_be(dot(COUNT - 1, v, v + 1) / COUNT, 0.0, 5.0 / sqrt(COUNT), "correlation");
  free(v);
}

/* Two hundred times: 160 vectors in 6 dimensions about a mean of square a². The estimate has no bias, and its error is right. */
static void squares_without_bias(void **state) {
  (void)state;
  enum { COUNT = 160, SIZE = 6, REPEATS = 200 };
  for (double a = 0.0; a < 1.0; a += 0.5) {
    double sum = 0.0, scaled = 0.0;
    for (int r = 0; r < REPEATS; r++) {
      double *v = numbers(COUNT * SIZE, (uint64_t)(1000 + r)), *gram = numbers(COUNT * COUNT, 0),
             *work = numbers(COUNT * COUNT, 0);
      for (int i = 0; i < COUNT; i++) v[i * SIZE] += a;
      for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) gram[i * COUNT + j] = dot(SIZE, v + i * SIZE, v + j * SIZE);
      const wl_estimate e = wl_stat_square(COUNT, gram, work);
      sum += e.value - a * a;
      scaled += pow((e.value - a * a) / (a > 0.0 ? e.error : e.null_error), 2.0);
      free(v);
      free(gram);
      free(work);
    }
    const double deviation = sqrt((4.0 * a * a + 2.0 * SIZE / (double)(COUNT - 1)) / COUNT / REPEATS);
    must_be(sum / REPEATS, 0.0, 4.0 * deviation, "bias of the square");
    must_be(scaled / REPEATS, 1.0, 0.4, "square of error over standard error");
  }
}

/* Exact on polynomials in 1/n of as many terms as widths; the weights sum to 1. */
static void extrapolation(void **state) {
  (void)state;
  const int64_t n[4] = {24, 64, 100, 256};
  double weights[4], limit = 0.0, sum = 0.0;
  wl_stat_extrapolation(4, n, weights);
  for (int w = 0; w < 4; w++) {
    const double x = 1.0 / (double)n[w];
    limit += weights[w] * (0.3 - 5.0 * x + 700.0 * x * x - 9000.0 * x * x * x);
    sum += weights[w];
  }
  must_be(limit, 0.3, 1e-13, "limit");
  must_be(sum, 1.0, 1e-14, "sum of the weights");
}

static void rates(void **state) {
  (void)state;
  wl_series_data data = {.count = 4, .n = {64, 128, 256, 512}};
  double low, high, amplitude;
  for (int w = 0; w < 4; w++) {
    data.y[w] = 3.0 * pow(data.n[w], -0.8);
    data.error[w] = 0.005 * data.y[w];
  }
  must_be(wl_stat_rate(&data, 1.96, &low, &high, &amplitude), 0.8, 0.006, "rate");
  assert_true(low < 0.8 && high > 0.8 && high - low < 0.02);
  must_be(amplitude, 3.0, 0.1, "amplitude");
  for (int w = 0; w < 4; w++) data.error[w] = 100.0; /* nothing but noise: any rate will do */
  wl_stat_rate(&data, 1.96, &low, &high, &amplitude);
  assert_true(isinf(low) && isinf(high));
}

/* At the training points the map of training reproduces the targets and leaves no variance. */
static void exact_laws(void **state) {
  (void)state;
  enum { TRAIN = 3 };
  double x[2 * TRAIN * DIMENSION];
  double *points = numbers(TRAIN * DIMENSION, 11);
  memcpy(x, points, sizeof(double) * TRAIN * DIMENSION);
  memcpy(x + TRAIN * DIMENSION, points, sizeof(double) * TRAIN * DIMENSION);
  free(points);
  const double y[TRAIN] = {1.0, -2.0, 0.5};
  const wl_network network = wl_network_default();
  wl_problem *p = NULL;
  assert_int_equal(
      wl_problem_create(&network, &(wl_problem_data){TRAIN, TRAIN, DIMENSION, 1, x, y, NULL}, 0.0, 0.0, &p),
      WL_OK);
  for (int t = 0; t < TRAIN; t++) {
    must_be(p->mean[t], y[t], 1e-10, "mean");
    must_be(p->ensemble[t * TRAIN + t], 0.0, 1e-10, "ensemble variance");
    must_be(p->posterior[t * TRAIN + t], 0.0, 1e-10, "posterior variance");
  }
  wl_problem_destroy(&p);
  memcpy(x, x + DIMENSION, sizeof(double) * DIMENSION); /* two equal points */
  assert_int_equal(
      wl_problem_create(&network, &(wl_problem_data){TRAIN, TRAIN, DIMENSION, 1, x, y, NULL}, 0.0, 0.0, &p),
      WL_ERROR_NUMERICAL);
  assert_null(p);
}

/* At time 0+ nothing has been learnt: mean 0 and the priors' variances. Late, everything is as at convergence. */
static void laws_at_a_time(void **state) {
  (void)state;
  double *x = numbers(4 * DIMENSION, 13);
  const wl_problem_data data = {3, 1, DIMENSION, 1, x, (const double[3]){1.0, -2.0, 0.5}, NULL};
  const wl_network network = wl_network_default();
  wl_problem *early = NULL, *late = NULL, *end = NULL;
  assert_int_equal(wl_problem_create(&network, &data, 0.1, 1e-14, &early), WL_OK);
  assert_int_equal(wl_problem_create(&network, &data, 0.1, 1e4, &late), WL_OK);
  assert_int_equal(wl_problem_create(&network, &data, 0.1, 0.0, &end), WL_OK);
  must_be(early->mean[0], 0.0, 1e-12, "mean early");
  must_be(early->ensemble[0], early->kappa[15], 1e-12, "ensemble variance early");
  must_be(early->posterior[0], early->theta[15], 1e-12, "error of Bayesian RND early");
  must_be(late->mean[0], end->mean[0], 1e-12, "mean late");
  must_be(late->ensemble[0], end->ensemble[0], 1e-12, "ensemble variance late");
  must_be(late->posterior[0], end->posterior[0], 1e-12, "posterior late");
  wl_problem_destroy(&early);
  wl_problem_destroy(&late);
  wl_problem_destroy(&end);
  free(x);
}

/* ---- verdicts on made-up experiments ------------------------------------------------------------------------- */

enum { NETWORKS = 400, HEADS = 2, WIDTHS = 4 };

/* One test point. At width n the errors are normal, with 1 + c₀ + c₁/n + c₂/n² times the exact variance, and a share of 2/n of
   it is not that of their limits, which have it exactly. The kernels are off by 10/n + c₃ in squares. */
static void make_up(const wl_problem *p, const double c[4], wl_experiment *e) {
  *e = (wl_experiment){.problem = p,
                       .record = wl_record_layout(p, HEADS),
                       .width_count = WIDTHS,
                       .networks = NETWORKS,
                       .widths = {32, 64, 128, 256}};
  e->data = calloc((size_t)(WIDTHS * NETWORKS * e->record.size), sizeof(double));
  const wl_record *r = &e->record;
  for (int64_t i = 0; i < WIDTHS * NETWORKS; i++) {
    const double n = (double)e->widths[i / NETWORKS], grown = 1.0 + c[0] + c[1] / n + c[2] / (n * n);
    double *at = e->data + i * r->size, z[6];
    for (int model = 0; model < WL_FINITE_MODELS; model++) {
      const double law = (model == WL_FINITE_RND ? 2.0 : 1.0) *
                         (model == WL_FINITE_BAYESIAN_RND ? p->posterior[0] : p->ensemble[0]);
      wl_random_normals(11, WL_STREAM_PROBE, (uint64_t)i, (uint64_t)model, 6, z);
      at[r->converged[model]] = 1.0;
      at[r->conditional[model]] = law;
      for (int64_t k = 0; k < r->heads[model]; k++) {
        at[r->limit[model] + k] = sqrt(law) * z[k];
        at[r->error[model] + k] = sqrt(law * grown) * (sqrt(1.0 - 2.0 / n) * z[k] + sqrt(2.0 / n) * z[2 + k]);
      }
    }
    at[r->kappa] = (10.0 / n + c[3]) * z[4] * z[4];
    at[r->theta] = (10.0 / n + c[3]) * z[5] * z[5];
  }
}

/* The verdict on such an experiment; the claims that fail, in their order. */
static void must_fail(const wl_problem *p, const double c[4], const char *expected) {
  wl_experiment e;
  wl_verdict v;
  char failed[1024] = "";
  make_up(p, c, &e);
  assert_int_equal(wl_experiment_verdict(&e, &v), WL_OK);
  for (int i = 0; i < WL_CLAIMS; i++)
    if (v.claim[i].present && !v.claim[i].pass) {
      strcat(failed, " ");
      strcat(failed, v.claim[i].name);
    }
  if (!strstr(failed, expected) || (expected[0] == 0 && failed[0] != 0))
    fail_msg("constant %g: '%s' failed, expected '%s'", c[0], failed, expected);
  assert_int_equal(v.pass, failed[0] == 0);
  free(e.data);
}

static const wl_claim *claim_of(const wl_verdict *v, const char *name) {
  int c = 0;
  while (strcmp(v->claim[c].name, name) != 0) c++;
  return &v->claim[c];
}

/* Σ_w a_w B_wi over the last widths: its mean and the standard error of that; B is the mean square of RND's heads over its law. */
static void weighted(const wl_problem *p, const wl_experiment *e, int terms, const double *a, double *mean,
                     double *error) {
  double sum = 0.0, squares = 0.0;
  for (int64_t i = 0; i < NETWORKS; i++) {
    double d = 0.0;
    for (int k = 0; k <= terms; k++) {
      const double *at =
          e->data + ((WIDTHS - 1 - terms + k) * NETWORKS + i) * e->record.size + e->record.error[WL_FINITE_RND];
      d += a[k] * ((at[0] * at[0] + at[1] * at[1]) / (2.0 * 2.0 * p->ensemble[0]) - 1.0);
    }
    sum += d;
    squares += d * d;
  }
  *mean = sum / NETWORKS;
  *error = sqrt((squares / NETWORKS - *mean * *mean) / (NETWORKS - 1.0));
}

/* Limit, its standard error and truncation against Richardson's extrapolation over doubled widths, and Student's quantile. */
static void limits(void **state) {
  (void)state;
  static const double a[4][4] = {
      {1.0}, {-1.0, 2.0}, {1.0 / 3, -2.0, 8.0 / 3}, {-1.0 / 21, 2.0 / 3, -8.0 / 3, 64.0 / 21}};
  double *x = numbers(3 * DIMENSION, 12);
  const double y[2] = {1.0, -1.0};
  const wl_network network = wl_network_default();
  wl_problem *p = NULL;
  wl_experiment e;
  wl_verdict v;
  assert_int_equal(wl_problem_create(&network, &(wl_problem_data){2, 1, DIMENSION, 1, x, y, NULL}, 0.0, 0.0, &p),
                   WL_OK);
  make_up(p, (double[4]){0.0, -10.0, 600.0}, &e);
  assert_int_equal(wl_experiment_verdict(&e, &v), WL_OK);
  const wl_claim *claim = claim_of(&v, "rnd_variance");
  double mean, error, cut = 0.0;
  for (int k = 1; k < WIDTHS; k++) {
    double change[4] = {0.0};
    for (int w = 0; w <= k; w++) change[w] = a[k][w] - (w > 0 ? a[k - 1][w - 1] : 0.0);
    weighted(p, &e, k, change, &mean, &error);
    cut = fmax(cut, mean * mean - error * error);
  }
  weighted(p, &e, WIDTHS - 1, a[WIDTHS - 1], &mean, &error);
  must_be(claim->limit.value, mean, 1e-12, "limit");
  must_be(claim->limit.error, error, 1e-12, "standard error of the limit");
  must_be(claim->truncation, sqrt(cut), 1e-12, "truncation");
  must_be(v.critical, 3.6193474179204634, 1e-9,
          "critical value"); /* scipy.stats.t.isf(0.005 / 30, 399): 30 tests */
  free(e.data);
  wl_problem_destroy(&p);
  free(x);
}

/* Deviations that vanish at infinite width pass, also where they change their sign between the widths; what stays fails. */
static void verdicts(void **state) {
  (void)state;
  double *x = numbers(3 * DIMENSION, 12);
  const double y[2] = {1.0, -1.0};
  const wl_network network = wl_network_default();
  wl_problem *p = NULL;
  assert_int_equal(wl_problem_create(&network, &(wl_problem_data){2, 1, DIMENSION, 1, x, y, NULL}, 0.0, 0.0, &p),
                   WL_OK);
  must_fail(p, (double[4]){0}, "");
  must_fail(p, (double[4]){0.0, -10.0, 600.0}, "");
  must_fail(p, (double[4]){0.4}, " rnd_coupled");
  must_fail(p, (double[4]){-0.4, -10.0, 600.0}, " bayesian_rnd_coupled");
  must_fail(p, (double[4]){2.0, -12.0, 600.0}, " rnd_distribution");
  must_fail(p, (double[4]){8.0}, " rnd_variance");
  must_fail(p, (double[4]){0.0, 0.0, 0.0, 2.0}, " kappa theta");
  wl_problem_destroy(&p);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(descent_against_closed_form),
      cmocka_unit_test(descent_that_fails),
      cmocka_unit_test(normal_numbers),
      cmocka_unit_test(squares_without_bias),
      cmocka_unit_test(extrapolation),
      cmocka_unit_test(rates),
      cmocka_unit_test(flow_against_series),
      cmocka_unit_test(descent_to_a_time),
      cmocka_unit_test(laws_at_a_time),
      cmocka_unit_test(verdicts),
      cmocka_unit_test(limits),
      cmocka_unit_test(exact_laws),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
