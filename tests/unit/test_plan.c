/*
 * The cost model where its answer is known without it.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cost/cost.h"
#include "dist/grid.h"

/* A machine on which only the factorization's update takes time. */
static wl_speeds only_update(double gflops) {
  wl_speeds s = wl_speeds_default();
  for (int i = 0; i < wl_speed_count(); i++) *wl_speed_at(&s, i) = 1e12;
  for (int a = 0; a < WL_ACTIVATION_COUNT; a++) s.kappa[a] = s.theta[a] = (wl_entry_cost){0.0, 0.0};
  s.update_gflops = s.corner_gflops = gflops;
  s.update_half = s.corner_half = s.push_half = s.pull_half = s.panel_half = s.tile_half = 0.0;
  s.input_ns = s.local_latency_us = s.network_latency_us = 0.0;
  return s;
}

static wl_work work_of(int64_t n, int64_t m) {
  return (wl_work){.train = n,
                   .test = m,
                   .dimension = 64,
                   .outputs = 1,
                   .batch = m,
                   .network = wl_network_default(),
                   .theta = true,
                   .ensemble = true,
                   .kappa = true};
}

static wl_layout layout_of(int ranks, int64_t n) {
  wl_layout l = {.block = wl_grid_choose_block(n, ranks),
                 .ranks_per_node = ranks,
                 .cores_per_node = ranks,
                 .threads = 1,
                 .measured_threads = 1};
  assert_int_equal(wl_grid_choose_shape(ranks, &l.rows, &l.columns), WL_OK);
  return l;
}

/* n³/3 flops at the update's rate, but for the blocks at the edge: nb/n of it. */
static void one_rank_works_n_cubed_over_three(void **state) {
  (void)state;
  const wl_speeds s = only_update(10.0);
  const wl_work w = work_of(20000, 1000);
  const wl_layout l = layout_of(1, w.train);
  const wl_estimate e = wl_estimate_run(&s, &l, &w);
  const double expected = 8e12 / 3.0 / 10e9;
  assert_true(fabs(e.seconds[WL_PHASE_FACTOR_THETA] / expected - 1.0) < 2.0 * l.block / 20000.0);
  assert_true(fabs(e.seconds[WL_PHASE_FACTOR_KAPPA] / e.seconds[WL_PHASE_FACTOR_THETA] - 1.0) < 1e-9);
  assert_true(fabs(e.flops - (2.0 / 3.0 * 8e12 + 5.0 * 4e8 * 1000.0)) < 1.0);
}

/* With the factor of all but e points in a file: reading it, k e² and e³/3 flops at the update's rate, and no entries of those before. */
static void a_known_factor_is_read_and_extended(void **state) {
  (void)state;
  wl_speeds s = only_update(10.0);
  wl_work w = work_of(20000, 1000);
  const wl_layout l = layout_of(1, w.train);
  const double known = 16000.0, more = 4000.0, product = known * more * more / 10e9,
               factor = more * more * more / 30e9;
  w.known = 16000;
  const wl_estimate e = wl_estimate_run(&s, &l, &w);
  const double seconds = e.seconds[WL_PHASE_FACTOR_THETA];
  assert_true(fabs(seconds - product - factor) < 2.0 * l.block / more * factor + 1e-3 * product);
  assert_true(fabs(e.seconds[WL_PHASE_FACTOR_KAPPA] / seconds - 1.0) < 1e-9);
  assert_true(fabs(e.flops / (2.0 / 3.0 * (8e12 - 4.096e12) + 5.0 * 4e8 * 1000.0) - 1.0) < 1e-12);

  w.known = 20000;
  s.file_gbytes = 1.0;
  assert_true(fabs(wl_estimate_run(&s, &l, &w).seconds[WL_PHASE_FACTOR_THETA] - 1.6) < 1e-6);

  s = only_update(1e12);
  s.theta[w.network.activation] = (wl_entry_cost){10.0, 0.0}; /* ns */
  w.known = 16000;
  const double entries = wl_estimate_run(&s, &l, &w).seconds[WL_PHASE_FACTOR_THETA];
  assert_true(fabs(entries / (1e-8 * more * (known + 0.5 * more)) - 1.0) < 1e-3);
  assert_true(wl_estimate_run(&s, &l, &w).seconds[WL_PHASE_ASSEMBLE] < 1e-3);
}

/* No grid is faster than all its ranks together, and a large matrix comes close to that. */
static void ranks_share_the_work(void **state) {
  (void)state;
  const wl_speeds s = only_update(10.0);
  const wl_work w = work_of(40000, 1000);
  for (int ranks = 1; ranks <= 64; ranks++) {
    const wl_layout l = layout_of(ranks, w.train);
    const wl_estimate e = wl_estimate_run(&s, &l, &w);
    const double ideal = 64e12 / 3.0 / 10e9 / ranks, ratio = e.seconds[WL_PHASE_FACTOR_THETA] / ideal;
    if (!(ratio > 0.98 && ratio < 1.25)) fail_msg("%d ranks: %g of the ideal time", ranks, ratio);
  }
}

/* dense, erf(z + c), dense */
static wl_network shifted_network(double c) {
  wl_network network = wl_network_default();
  network.layer_count = 3;
  network.layer[0] = network.layer[2] = (wl_layer){.kind = WL_LAYER_DENSE, .sigma_w = 1.0};
  network.layer[1] = (wl_layer){.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_ERF, .c = c};
  return network;
}

/* Every cost counts, and each in the right direction. */
static void a_better_machine_is_not_slower(void **state) {
  (void)state;
  wl_work w = work_of(8000, 500);
  w.network = shifted_network(1.0);
  wl_layout l = layout_of(16, w.train);
  l.ranks_per_node = l.cores_per_node = 4;
  const wl_speeds before = wl_speeds_default();
  const double total = wl_estimate_run(&before, &l, &w).total;
  for (int i = 0; i < wl_speed_count(); i++) {
    const char *name = wl_speed_name(i);
    if (strcmp(name, "file_gbytes") == 0) continue; /* nothing is written */
    const bool less = strstr(name, "half") || strstr(name, "latency") || strstr(name, "_ns");
    wl_speeds s = before;
    *wl_speed_at(&s, i) *= less ? 0.5 : 2.0;
    if (!(wl_estimate_run(&s, &l, &w).total < total)) fail_msg("%s makes no difference", name);
  }
}

/* What a shift adds to each entry of half an array on one rank, whatever its sign; none adds nothing. */
static void a_shift_has_its_own_rate(void **state) {
  (void)state;
  wl_work w = work_of(4000, 500);
  const wl_layout l = layout_of(1, w.train);
  wl_speeds s = wl_speeds_default();
  const double c[] = {0.0, 1.0, -1.0, 5.0};
  double seconds[4];
  s.shift_ns = 7.0, s.shift_more_ns = 2.0;
  for (int k = 0; k < 4; k++) {
    w.network = shifted_network(c[k]);
    seconds[k] = wl_estimate_run(&s, &l, &w).seconds[WL_PHASE_ASSEMBLE];
  }
  assert_true(seconds[1] == seconds[2] && seconds[1] > seconds[0]);
  assert_true(fabs((seconds[3] - seconds[0]) / (seconds[1] - seconds[0]) - 17.0 / 9.0) < 1e-6);
}

/* One rank sends nothing. */
static void one_rank_has_no_network(void **state) {
  (void)state;
  const wl_work w = work_of(4000, 500);
  const wl_layout l = layout_of(1, w.train);
  wl_speeds s = wl_speeds_default();
  const double total = wl_estimate_run(&s, &l, &w).total;
  s.local_latency_us = s.network_latency_us = 1e6;
  s.local_gbytes = s.network_gbytes = 1e-6;
  assert_true(wl_estimate_run(&s, &l, &w).total == total);
}

static void the_limit_is_what_is_slow(void **state) {
  (void)state;
  const wl_work w = work_of(8000, 500);
  wl_layout l = layout_of(64, w.train);
  l.ranks_per_node = l.cores_per_node = 8;
  double share[WL_LIMIT_COUNT];
  wl_speeds s = wl_speeds_default();
  s.network_latency_us = 1e4;
  assert_int_equal(wl_estimate_limit(&s, &l, &w, share), WL_LIMIT_LATENCY);
  s = wl_speeds_default();
  s.network_gbytes = 0.01;
  assert_int_equal(wl_estimate_limit(&s, &l, &w, share), WL_LIMIT_BANDWIDTH);
  s = wl_speeds_default();
  s.gemm_gflops = s.update_gflops = s.corner_gflops = s.push_gflops = s.pull_gflops = 0.01;
  assert_int_equal(wl_estimate_limit(&s, &l, &w, share), WL_LIMIT_COMPUTE);
  for (int i = 0; i < WL_LIMIT_COUNT; i++) assert_true(share[i] >= -1e-9 && share[i] <= 1.0);
}

/* Twice the ranks on the same cores: no faster. */
static void ranks_that_take_turns_gain_nothing(void **state) {
  (void)state;
  const wl_work w = work_of(8000, 500);
  const wl_speeds s = wl_speeds_default();
  wl_layout own = layout_of(2, w.train), shared = layout_of(4, w.train);
  shared.cores_per_node = 2;
  assert_true(wl_estimate_run(&s, &shared, &w).total > 0.95 * wl_estimate_run(&s, &own, &w).total);
}

static void threads_speed_up_products(void **state) {
  (void)state;
  const wl_work w = work_of(20000, 500);
  const wl_speeds s = wl_speeds_default();
  wl_layout l = layout_of(2, w.train);
  l.cores_per_node = 8;
  const double one = wl_estimate_run(&s, &l, &w).seconds[WL_PHASE_FACTOR_THETA];
  l.threads = 4;
  const double four = wl_estimate_run(&s, &l, &w).seconds[WL_PHASE_FACTOR_THETA];
  assert_true(four < one / 3.0 && four > one / 4.0);
  l.measured_threads = 4; /* the rates are those of four threads already */
  assert_true(fabs(wl_estimate_run(&s, &l, &w).seconds[WL_PHASE_FACTOR_THETA] / one - 1.0) < 1e-9);
}

/* Floats are twice as fast; entries are computed again in every pass: once for both factors, twice for targets, probes and test
   points together, once more for the ensemble where it has many columns; and those of the test points. */
static void mixed_trades_passes_for_half_the_factor(void **state) {
  (void)state;
  wl_speeds s = only_update(10.0);
  wl_work w = work_of(20000, 100);
  const wl_layout l = layout_of(1, w.train);
  const double factor = wl_estimate_run(&s, &l, &w).seconds[WL_PHASE_FACTOR_THETA];
  w.mixed = true;
  wl_estimate e = wl_estimate_run(&s, &l, &w);
  assert_true(fabs(e.seconds[WL_PHASE_FACTOR_THETA] / factor - 0.5) < 1e-3);
  assert_true(e.seconds[WL_PHASE_ASSEMBLE] == 0.0);

  s = only_update(1e12);
  for (int a = 0; a < WL_ACTIVATION_COUNT; a++) s.kappa[a].first = s.theta[a].first = 10.0;
  e = wl_estimate_run(&s, &l, &w);
  const double pass = 0.5 * 4e8 * 10e-9, cross = 20000.0 * 100.0 * 10e-9;
  assert_true(fabs(e.seconds[WL_PHASE_FACTOR_THETA] / pass - 1.0) < 1e-3);
  assert_true(e.seconds[WL_PHASE_FACTOR_KAPPA] < 1e-3 * pass);
  assert_true(e.seconds[WL_PHASE_PREDICT_THETA] == 0.0 && e.seconds[WL_PHASE_PREDICT_KAPPA] == 0.0);
  assert_true(fabs(e.seconds[WL_PHASE_PREDICT_BOTH] / (2.0 * pass + 5.0 * cross) - 1.0) < 1e-3);

  w.batch = 400; /* three batches: the targets go with the first, and each prior has passes of its own */
  w.test = 1200;
  e = wl_estimate_run(&s, &l, &w);
  assert_true(fabs(e.seconds[WL_PHASE_PREDICT_THETA] / (9.0 * pass + 36.0 * cross) - 1.0) < 1e-3);
  assert_true(fabs(e.seconds[WL_PHASE_PREDICT_KAPPA] / (4.0 * pass + 24.0 * cross) - 1.0) < 1e-3);
  assert_true(e.seconds[WL_PHASE_PREDICT_BOTH] == 0.0);

  w.kappa = false; /* one prior alone */
  w.batch = w.test = 100;
  e = wl_estimate_run(&s, &l, &w);
  assert_true(fabs(e.seconds[WL_PHASE_PREDICT_THETA] / (2.0 * pass + 3.0 * cross) - 1.0) < 1e-3);
}

/* Posterior draws: m³/3 for the factor, m² a column; in double precision the joint factor of n + m, and twice (n + m)² and n². */
/* Without a matrix time goes with n² and with the passes, four ranks take a quarter, and both kernels share their entries. */
static void passes_take_the_time(void **state) {
  (void)state;
  const wl_speeds s = wl_speeds_default();
  const wl_layout one = {.rows = 1,
                         .columns = 1,
                         .block = 192,
                         .ranks_per_node = 1,
                         .cores_per_node = 1,
                         .threads = 1,
                         .measured_threads = 1};
  wl_layout four = one;
  four.rows = four.columns = 2;
  four.ranks_per_node = four.cores_per_node = 4;
  wl_work w = {.train = 40000,
               .test = 64,
               .dimension = 64,
               .outputs = 1,
               .batch = 64,
               .network = wl_network_default(),
               .theta = true,
               .rank = 500,
               .passes = 20};
  const wl_estimate once = wl_estimate_run(&s, &one, &w), spread = wl_estimate_run(&s, &four, &w);
  const double pass = once.seconds[WL_PHASE_ITERATE];
  assert_true(pass > 0.0 && once.seconds[WL_PHASE_PRECONDITION] > 0.0);
  assert_true(once.seconds[WL_PHASE_FACTOR_THETA] == 0.0 && once.seconds[WL_PHASE_ASSEMBLE] == 0.0);
  assert_true(spread.total < 0.3 * once.total && spread.total > 0.2 * once.total);
  w.passes = 40;
  assert_true(fabs(wl_estimate_run(&s, &one, &w).seconds[WL_PHASE_ITERATE] / pass - 2.0) < 1e-9);
  w.passes = 20;
  w.train = 80000;
  const double larger_set = wl_estimate_run(&s, &one, &w).seconds[WL_PHASE_ITERATE] / pass;
  assert_true(larger_set > 3.7 && larger_set <= 4.0);
  w.train = 40000;
  w.kappa = true;
  const double both = wl_estimate_run(&s, &one, &w).seconds[WL_PHASE_ITERATE] / pass;
  assert_true(both > 1.0 && both < 2.0);
}

static void mixed_draws_by_the_covariance(void **state) {
  (void)state;
  wl_speeds s = only_update(10.0);
  wl_work w = work_of(2000, 20000);
  const wl_layout l = layout_of(1, w.train);
  const double m = 20000.0, columns = 50.0 * 3.0;
  w.ensemble = w.kappa = false;
  w.outputs = 3;
  const double joint = 22000.0, before = wl_estimate_run(&s, &l, &w).flops;
  w.samples[WL_DRAW_POSTERIOR] = 50;
  wl_estimate e = wl_estimate_run(&s, &l, &w);
  assert_true(fabs(e.seconds[WL_PHASE_SAMPLE] / (joint * joint * joint / 3.0 / 10e9) - 1.0) < 0.03);
  w.mixed = true;
  e = wl_estimate_run(&s, &l, &w);
  assert_true(fabs(e.seconds[WL_PHASE_SAMPLE] / (m * m * m / 3.0 / 10e9) - 1.0) < 0.03);
  assert_true(fabs(e.flops - before - m * m * m / 3.0 - columns * m * m) < 1.0);

  s = only_update(1e12);
  s.push_gflops = 10.0;
  e = wl_estimate_run(&s, &l, &w);
  assert_true(fabs(e.seconds[WL_PHASE_SAMPLE] / (columns * m * m / 10e9) - 1.0) < 1e-3);
  s = only_update(1e12);
  s.gemm_gflops = 10.0; /* with the prediction comes the covariance; the kernels' products of points cost little */
  w.dimension = 1;
  e = wl_estimate_run(&s, &l, &w);
  assert_true(fabs(e.seconds[WL_PHASE_PREDICT_THETA] / (4.0 * 2000.0 * m * m / 10e9) - 1.0) < 1e-3);
}

/* Functions: for κ and for Θ⁻ two factors of half the order, a solve and a product between them, which are N³/3 in all; then
   N² and 2 n m a column, twice that for RND and Bayesian heads but for RND's one training. At depth 1 there is no Θ⁻. */
static void mixed_draws_functions_from_rfp(void **state) {
  (void)state;
  wl_speeds s = only_update(10.0);
  wl_work w = work_of(16000, 4000);
  const wl_layout l = layout_of(1, w.train);
  const double all = 20000.0, half = 10000.0, cube = half * half * half, train = 2.0 * 16000.0 * 4000.0,
               draws = 3.0 * 2.0 * (all * all + train) + 5.0 * (2.0 * all * all + train) +
                       7.0 * 2.0 * (all * all + train);
  w.ensemble = w.kappa = false;
  w.outputs = 2;
  w.dimension = 1;
  w.mixed = true;
  const wl_estimate before = wl_estimate_run(&s, &l, &w);
  w.samples[WL_DRAW_ENSEMBLE] = 3;
  w.samples[WL_DRAW_RND] = 5;
  w.samples[WL_DRAW_BAYESIAN_RND] = 7;
  wl_estimate e = wl_estimate_run(&s, &l, &w);
  assert_true(fabs(e.seconds[WL_PHASE_SAMPLE] / (2.0 * 2.0 / 3.0 * cube / 10e9) - 1.0) < 0.03);
  assert_true(fabs((e.flops - before.flops) / (2.0 / 3.0 * all * all * all + draws) - 1.0) < 1e-12);
  w.network.depth = 1;
  e = wl_estimate_run(&s, &l, &w);
  assert_true(fabs(e.seconds[WL_PHASE_SAMPLE] / (2.0 / 3.0 * cube / 10e9) - 1.0) < 0.03);
  w.network.depth = 3;

  s = only_update(1e12);
  s.push_gflops = 10.0;
  e = wl_estimate_run(&s, &l, &w);
  assert_true(fabs(e.seconds[WL_PHASE_SAMPLE] / ((2.0 * cube + draws) / 10e9) - 1.0) < 0.03);
  s = only_update(1e12);
  s.gemm_gflops = 10.0;
  e = wl_estimate_run(&s, &l, &w);
  assert_true(fabs(e.seconds[WL_PHASE_SAMPLE] / (2.0 * cube / 10e9) - 1.0) < 0.03);
}

static void rates_are_checked(void **state) {
  (void)state;
  wl_speeds s = wl_speeds_default();
  assert_int_equal(wl_speeds_check(&s, "here"), WL_OK);
  s.network_latency_us = 0.0;
  assert_int_equal(wl_speeds_check(&s, "here"), WL_OK);
  s.copy_gbytes = 0.0;
  assert_int_equal(wl_speeds_check(&s, "here"), WL_ERROR_DATA);
  assert_non_null(strstr(wl_error_message(), "here: copy_gbytes"));
  s.copy_gbytes = NAN;
  assert_int_equal(wl_speeds_check(&s, "here"), WL_ERROR_DATA);
}

/* Rows (or columns) of the grid that have a rank on node 0 and one on another, counted rank by rank. */
static double links_of(const wl_layout *l, bool rows) {
  const int ranks = l->rows * l->columns;
  double links = 0.0;
  for (int k = 0; k < (rows ? l->rows : l->columns); k++) {
    bool here = false, elsewhere = false;
    for (int r = 0; r < ranks; r++) {
      const int row = l->row_major ? r / l->columns : r % l->rows,
                column = l->row_major ? r % l->columns : r / l->rows;
      if ((rows ? row : column) != k) continue;
      if (r < l->ranks_per_node)
        here = true;
      else
        elsewhere = true;
    }
    links += here && elsewhere;
  }
  return links;
}

/* A broadcast between nodes shares the link with those of the other process rows (or columns) that have ranks on the node. */
static void broadcasts_share_links_by_process_rows(void **state) {
  (void)state;
  static const int shapes[][3] = {{4, 16, 8},   {4, 16, 2},  {8, 8, 16},  {8, 16, 64}, {16, 16, 64},
                                  {16, 64, 64}, {32, 32, 8}, {64, 2, 16}, {64, 64, 64}};
  wl_speeds s = only_update(1e12);
  s.network_gbytes = 2.0;
  const wl_work w = work_of(1000, 10);
  for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
    for (int row_major = 0; row_major < 2; row_major++) {
      const wl_layout l = {.rows = shapes[k][0],
                           .columns = shapes[k][1],
                           .ranks_per_node = shapes[k][2],
                           .cores_per_node = shapes[k][2],
                           .block = 16,
                           .threads = 1,
                           .measured_threads = 1,
                           .row_major = row_major};
      const wl_cost m = wl_cost_of(&s, &l, &w);
      for (int rows = 0; rows < 2; rows++) {
        const wl_circle *c = rows ? &m.row : &m.column;
        const double links = links_of(&l, rows), nodes = c->members / c->on_node;
        const double rounds = nodes <= 4.0 ? nodes - 1.0 : ceil(log2(nodes));
        if (links > 0.0) assert_true(c->on_link == links);
        assert_true((links > 0.0) == (nodes > 1.0));
        assert_true(fabs(wl_cost_broadcast(&m, c, 1e9) - rounds * links / 2.0) < 1e-6);
      }
    }
}

/* The documented rule: P Q = ranks, P ≤ Q, as near to square as the divisors allow. */
static void the_grid_is_nearly_square(void **state) {
  (void)state;
  for (int ranks = 1; ranks <= 512; ranks++) {
    int rows = 0, columns = 0;
    assert_int_equal(wl_grid_choose_shape(ranks, &rows, &columns), WL_OK);
    assert_int_equal(rows * columns, ranks);
    assert_true(rows <= columns);
    for (int p = rows + 1; p * p <= ranks; p++) assert_true(ranks % p != 0);
  }
  int rows = 3, columns = 0;
  assert_int_equal(wl_grid_choose_shape(12, &rows, &columns), WL_OK);
  assert_int_equal(columns, 4);
  rows = 5, columns = 0;
  assert_int_equal(wl_grid_choose_shape(12, &rows, &columns), WL_ERROR_CONFIG);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(one_rank_works_n_cubed_over_three),
                                     cmocka_unit_test(a_known_factor_is_read_and_extended),
                                     cmocka_unit_test(ranks_share_the_work),
                                     cmocka_unit_test(a_better_machine_is_not_slower),
                                     cmocka_unit_test(a_shift_has_its_own_rate),
                                     cmocka_unit_test(one_rank_has_no_network),
                                     cmocka_unit_test(the_limit_is_what_is_slow),
                                     cmocka_unit_test(ranks_that_take_turns_gain_nothing),
                                     cmocka_unit_test(threads_speed_up_products),
                                     cmocka_unit_test(broadcasts_share_links_by_process_rows),
                                     cmocka_unit_test(rates_are_checked),
                                     cmocka_unit_test(the_grid_is_nearly_square),
                                     cmocka_unit_test(mixed_trades_passes_for_half_the_factor),
                                     cmocka_unit_test(mixed_draws_by_the_covariance),
                                     cmocka_unit_test(passes_take_the_time),
                                     cmocka_unit_test(mixed_draws_functions_from_rfp)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
