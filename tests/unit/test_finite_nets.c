/* Networks of finite width, in short and as lists of layers: activations and derivatives against finite differences and against
   one another, empirical kernels against J Jᵀ and, in the mean, against the exact ones, and what is drawn. */
#include "finite/phi.h"
#include "finite_fixture.h"
#include "kernel/network.h"

/* ---- activations --------------------------------------------------------------------------------------------- */

static wl_layer plain(wl_activation phi) {
  return (wl_layer){.kind = WL_LAYER_ACTIVATION, .activation = phi, .slope = 0.2};
}

static wl_layer scaled(wl_layer_kind kind, wl_activation phi, double a, double b, double c) {
  return (wl_layer){.kind = kind, .activation = phi, .slope = 0.2, .a = a, .b = b, .c = c};
}

static wl_layer polynomial(void) {
  return (wl_layer){.kind = WL_LAYER_POLYNOMIAL, .hermite = {0.1, 0.8, -0.3, 0.2, 0.05, 0.0, 0.01, 0.0, 0.02}};
}

/* Central differences: error h² φ'''/6 + ε φ/h, h = 1e-5, away from the kinks; φ'''/6 of all is below 50. */
static void compare_derivative(const wl_layer *phi, double at) {
  const double h = 1e-5;
  double z[3] = {at - h, at, at + h}, slope[3];
  wl_phi_apply(phi, 3, z, slope);
  must_be(slope[1], (z[2] - z[0]) / (2.0 * h), 1e-8 * (1.0 + fabs(z[1])), "derivative of an activation");
}

static void activations_and_derivatives(void **state) {
  (void)state;
  static const double far[] = {-40.0, -3.0, -0.7, -0.1, 0.2, 1.1, 4.0, 40.0}, near[] = {-2.1, -0.7, 0.2, 1.1, 2.3};
  for (int a = 0; a < WL_ACTIVATION_COUNT; a++) {
    const wl_layer phi = plain((wl_activation)a),
                   wide = scaled(WL_LAYER_ACTIVATION, (wl_activation)a, -1.7, 0.6, 0.0);
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) compare_derivative(&phi, far[i]);
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) compare_derivative(&wide, far[i]);
  }
  const wl_layer of_lists[] = {scaled(WL_LAYER_ACTIVATION, WL_ACTIVATION_ERF, 2.0, 0.7, -0.5),
                               scaled(WL_LAYER_ABRELU, 0, -0.4, 1.2, 0.0),
                               scaled(WL_LAYER_GAUSSIAN, 0, 1.3, -0.6, 0.0),
                               scaled(WL_LAYER_EXP, 0, 0.4, -0.7, 0.0),
                               scaled(WL_LAYER_SINE, 0, 1.4, 1.4, 0.8),
                               polynomial()};
  for (size_t k = 0; k < sizeof of_lists / sizeof *of_lists; k++)
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) compare_derivative(&of_lists[k], near[i]);
}

/* φ(z) of the activations that lists alone have, by their definitions (doc/guide.md). */
static void values_of_activations(void **state) {
  (void)state;
  for (double z = -1.9; z < 2.0; z += 0.7) {
    const wl_layer layers[] = {scaled(WL_LAYER_ACTIVATION, WL_ACTIVATION_ERF, 2.0, 0.7, -0.5),
                               scaled(WL_LAYER_ACTIVATION, WL_ACTIVATION_RELU, -2.0, 0.7, 0.0),
                               scaled(WL_LAYER_ABRELU, 0, -0.4, 1.2, 0.0),
                               scaled(WL_LAYER_GAUSSIAN, 0, 1.3, -0.6, 0.0),
                               scaled(WL_LAYER_EXP, 0, 0.4, -0.7, 0.0),
                               scaled(WL_LAYER_SINE, 0, 1.4, 1.3, 0.8),
                               {.kind = WL_LAYER_POLYNOMIAL, .hermite = {0.5, 0.8, -0.3, 0.2}}};
    const double expected[] = {
        2.0 * erf(0.7 * z - 0.5),
        -2.0 * fmax(0.7 * z, 0.0),
        -0.4 * fmin(z, 0.0) + 1.2 * fmax(z, 0.0),
        1.3 * exp(-0.6 * z * z),
        0.4 * exp(-0.7 * z),
        1.4 * sin(1.3 * z + 0.8),
        0.5 + 0.8 * z - 0.3 * (z * z - 1.0) / sqrt(2.0) + 0.2 * (z * z * z - 3.0 * z) / sqrt(6.0)};
    for (size_t k = 0; k < sizeof layers / sizeof *layers; k++) {
      double value = z, slope;
      wl_phi_apply(&layers[k], 1, &value, &slope);
      must_be(value, expected[k], 1e-14, "phi(z)");
    }
  }
}

/* ---- lists ------------------------------------------------------------------------------------------------------ */

static wl_layer dense(double sigma_w, double sigma_b) {
  return (wl_layer){.kind = WL_LAYER_DENSE, .sigma_w = sigma_w, .sigma_b = sigma_b};
}

static wl_layer norm(void) { return (wl_layer){.kind = WL_LAYER_NORM}; }
static wl_layer dropout(double keep) { return (wl_layer){.kind = WL_LAYER_DROPOUT, .keep = keep}; }
static wl_layer residual(int branch) { return (wl_layer){.kind = WL_LAYER_RESIDUAL, .branch = branch}; }

enum { LISTS = 9, LONGEST = 12 };

/* Every kind of layer, and every order in which one of them could spoil what another has left. */
static wl_network list(int number, wl_parameterization parameterization) {
  const wl_layer relu = plain(WL_ACTIVATION_RELU), smooth = plain(WL_ACTIVATION_ERF), out = dense(1.1, 0.0);
  const wl_layer layers[LISTS][LONGEST] = {
      {dense(1.5, 0.3), relu, dense(0.9, 0.5), smooth, out},
      {dense(1.5, 0.3), residual(2), smooth, dense(0.8, 0.2), out},
      {dense(1.5, 0.3), relu, residual(5), dense(0.7, 0.4), residual(2), smooth, dense(1.2, 0.1), dense(0.6, 0.2),
       out},
      {dense(1.5, 0.3), norm(), smooth, dense(1.3, 0.2), smooth, norm(), out},
      {dense(1.5, 0.3), residual(6), norm(), relu, dense(1.2, 0.3), norm(), smooth, dense(1.1, 0.1), norm(), out},
      {dense(1.5, 0.3), smooth, dropout(0.7), dense(1.0, 0.3), dropout(0.8), residual(3), norm(), dropout(0.9),
       dense(0.8, 0.1), out},
      {dense(0.9, 0.1), polynomial(), dense(0.9, 0.1), scaled(WL_LAYER_SINE, 0, 1.4, 1.4, 0.8), dense(1.0, 0.2),
       scaled(WL_LAYER_ABRELU, 0, -0.4, 1.2, 0.0), dense(1.0, 0.2)},
      {dense(0.8, 0.2), scaled(WL_LAYER_EXP, 0, 0.8, 0.4, 0.0), dense(0.8, 0.2),
       scaled(WL_LAYER_GAUSSIAN, 0, 1.3, -0.6, 0.0), dense(1.0, 0.2),
       scaled(WL_LAYER_ACTIVATION, WL_ACTIVATION_ERF, 1.5, 0.7, -0.5), dense(1.0, 0.2)},
      {dense(1.2, 0.3), dense(0.9, 0.2), out}};
  wl_network network = wl_network_default();
  while (network.layer_count < LONGEST && (layers[number][network.layer_count].kind != WL_LAYER_DENSE ||
                                           layers[number][network.layer_count].sigma_w > 0.0))
    network.layer_count++;
  memcpy(network.layer, layers[number], sizeof layers[number]);
  network.parameterization = parameterization;
  network.width = 4;
  return network;
}

static void every_network(void (*test)(fixture *)) {
  for (int a = 0; a < WL_ACTIVATION_COUNT; a++)
    for (int depth = 1; depth <= 4; depth++) {
      fixture f = make((wl_activation)a, depth, 2);
      test(&f);
      drop(&f);
    }
  for (int k = 0; k < LISTS; k++)
    for (int p = 0; p < 2; p++) {
      const wl_network network = list(k, p ? WL_PARAMETERIZATION_STANDARD : WL_PARAMETERIZATION_NTK);
      fixture f = make_of(&network, WIDTH, 2);
      test(&f);
      drop(&f);
    }
}

/* ---- derivatives --------------------------------------------------------------------------------------------- */

/* J v by differences of the network itself: (f(ϑ + h v) − f(ϑ − h v)) / 2h */
static void compare_jvp(fixture *f) {
  const double h = 1e-6;
  const int64_t outputs = f->heads * POINTS;
  double *minus = calloc((size_t)outputs, sizeof(double));
  for (int64_t i = 0; i < f->size; i++) f->work[i] = f->parameters[i] - h * f->direction[i];
  wl_net_forward(f->net, f->work, POINTS, f->x, f->tape, minus);
  for (int64_t i = 0; i < f->size; i++) f->work[i] = f->parameters[i] + h * f->direction[i];
  wl_net_forward(f->net, f->work, POINTS, f->x, f->tape, f->other);
  for (int64_t i = 0; i < outputs; i++) f->other[i] = (f->other[i] - minus[i]) / (2.0 * h);
  wl_net_forward(f->net, f->parameters, POINTS, f->x, f->tape, f->out);
  wl_net_jvp(f->net, f->parameters, f->direction, f->x, f->tape, f->out);
  const double scale = sqrt(dot(outputs, f->out, f->out));
  for (int64_t i = 0; i < outputs; i++) must_be(f->out[i], f->other[i], 1e-7 * scale, "J v");
  free(minus);
}

static void jvp_against_differences(void **state) {
  (void)state;
  every_network(compare_jvp);
}

/* u·(J v) = (Jᵀ u)·v to rounding: the gradient is as right as the Jacobian-vector product. */
static void compare_gradient(fixture *f) {
  const int64_t outputs = f->heads * POINTS;
  double *u = numbers(outputs, 2);
  wl_net_forward(f->net, f->parameters, POINTS, f->x, f->tape, f->out);
  wl_net_jvp(f->net, f->parameters, f->direction, f->x, f->tape, f->out);
  wl_net_backward(f->net, f->parameters, f->x, f->tape, u, 1.0, 0.0, f->work);
  const double scale = sqrt(dot(f->size, f->work, f->work) * dot(f->size, f->direction, f->direction));
  must_be(dot(outputs, u, f->out), dot(f->size, f->work, f->direction), 1e-13 * scale, "u.(J v)");
  free(u);
}

static void gradient_against_jvp(void **state) {
  (void)state;
  every_network(compare_gradient);
}

/* One entry of the gradient after the other against differences of ½‖f‖². */
static void compare_entries(fixture *f) {
  const int64_t outputs = f->heads * POINTS;
  wl_net_forward(f->net, f->parameters, POINTS, f->x, f->tape, f->out);
  wl_net_backward(f->net, f->parameters, f->x, f->tape, f->out, 1.0, 0.0, f->work);
  const double scale = sqrt(dot(f->size, f->work, f->work)), h = 1e-6;
  for (int64_t i = 0; i < f->size; i++) {
    const double kept = f->parameters[i];
    f->parameters[i] = kept + h;
    wl_net_forward(f->net, f->parameters, POINTS, f->x, f->tape, f->out);
    f->parameters[i] = kept - h;
    wl_net_forward(f->net, f->parameters, POINTS, f->x, f->tape, f->other);
    f->parameters[i] = kept;
    must_be(f->work[i], (dot(outputs, f->out, f->out) - dot(outputs, f->other, f->other)) / (4.0 * h),
            1e-6 * scale, "gradient");
  }
}

static void gradient_against_differences(void **state) {
  (void)state;
  every_network(compare_entries);
}

/* One fused step is a gradient and an addition; wide enough that a layer takes several panels of columns. */
static void compare_step(const wl_network *network) {
  fixture f = make_of(network, 200, 2);
  double *parameters = numbers(f.size, 5), *velocity = numbers(f.size, 6),
         *expected = malloc(sizeof(double) * (size_t)f.size);
  memcpy(expected, velocity, sizeof(double) * (size_t)f.size);
  wl_net_forward(f.net, parameters, POINTS, f.x, f.tape, f.out);
  wl_net_backward(f.net, parameters, f.x, f.tape, f.out, -0.25, 0.5, expected);
  double *before = malloc(sizeof(double) * (size_t)f.size);
  memcpy(before, parameters, sizeof(double) * (size_t)f.size);
  wl_net_step(f.net, f.x, f.tape, f.out, 0.25, 0.5, parameters, velocity);
  const double size = sqrt(dot(f.size, expected, expected) / (double)f.size);
  for (int64_t i = 0; i < f.size; i++) {
    must_be(velocity[i], expected[i], 1e-12 * (1.0 + size), "velocity");
    must_be(parameters[i], before[i] + expected[i], 1e-12 * (1.0 + size), "parameter");
  }
  free(parameters);
  free(velocity);
  free(expected);
  free(before);
  drop(&f);
}

static void step_against_gradient(void **state) {
  (void)state;
  wl_network network = wl_network_default();
  network.activation = WL_ACTIVATION_TANH;
  network.depth = 4;
  compare_step(&network);
  network = list(5, WL_PARAMETERIZATION_STANDARD);
  compare_step(&network);
}

/* ---- empirical kernels --------------------------------------------------------------------------------------- */

/* Jacobian, row k·N + j, one backward pass each. */
static double *jacobian_of(fixture *f) {
  const int64_t K = f->heads, size = K * POINTS;
  double *J = calloc((size_t)(size * f->size), sizeof(double));
  wl_net_forward(f->net, f->parameters, POINTS, f->x, f->tape, f->out);
  for (int64_t k = 0; k < K; k++)
    for (int64_t j = 0; j < POINTS; j++) {
      memset(f->other, 0, sizeof(double) * (size_t)size);
      f->other[j * K + k] = 1.0;
      wl_net_backward(f->net, f->parameters, f->x, f->tape, f->other, 1.0, 0.0, J + (k * POINTS + j) * f->size);
    }
  return J;
}

/* lower + I ⊗ last = J Jᵀ; kappa is the part of head 0's last layer with its numbers weighted by their variances at the start. */
static void compare_kernels(const wl_network *network, double weight, double bias) {
  fixture f = make_of(network, WIDTH, 2);
  const int64_t K = f.heads, size = K * POINTS, last_layer = wl_net_last_layer(f.net), biases = f.size - K;
  double *J = jacobian_of(&f), kappa[POINTS * POINTS], last[POINTS * POINTS], lower[4 * POINTS * POINTS];
  assert_int_equal(wl_net_kernels(f.net, f.parameters, f.x, f.tape, kappa, last, lower), WL_OK);
  const double scale = dot(f.size, J, J);
  for (int64_t a = 0; a < size; a++)
    for (int64_t b = 0; b < size; b++) {
      const double own = a / POINTS == b / POINTS ? last[a % POINTS * POINTS + b % POINTS] : 0.0;
      must_be(lower[b * size + a] + own, dot(f.size, J + a * f.size, J + b * f.size), 1e-12 * scale,
              "tangent kernel");
    }
  for (int64_t a = 0; a < POINTS; a++)
    for (int64_t b = 0; b < POINTS; b++) {
      const double *J_a = J + a * f.size, *J_b = J + b * f.size;
      must_be(kappa[b * POINTS + a],
              weight * dot(biases - last_layer, J_a + last_layer, J_b + last_layer) +
                  bias * dot(K, J_a + biases, J_b + biases),
              1e-12 * scale, "kappa");
    }
  free(J);
  drop(&f);
}

/* In standard parametrization σ_w²/N and σ_b² are the variances, N = 4 of list(). */
static void kernels_against_jacobian(void **state) {
  (void)state;
  for (int depth = 2; depth <= 4; depth++) {
    wl_network network = wl_network_default();
    network.activation = WL_ACTIVATION_ERF;
    network.depth = depth;
    compare_kernels(&network, 1.0, 1.0);
  }
  for (int k = 0; k < LISTS; k++) {
    wl_network network = list(k, WL_PARAMETERIZATION_NTK);
    const wl_layer *last = &network.layer[network.layer_count - 1];
    compare_kernels(&network, 1.0, 1.0);
    network = list(k, WL_PARAMETERIZATION_STANDARD);
    compare_kernels(&network, last->sigma_w * last->sigma_w / 4.0, last->sigma_b * last->sigma_b);
  }
}

/* Exact κ and Θ of a row with itself, in a (dropout's too), and of two rows. */
static void exact_kernels(const wl_network *network, const double *x, double *kappa, double *theta) {
  wl_kernel_points *points = NULL;
  assert_int_equal(wl_kernel_points_create(network, POINTS, DIMENSION, x, NULL, &points), WL_OK);
  double *work = malloc(sizeof(double) * wl_network_tile_work(network, POINTS, POINTS));
  wl_network_tile((wl_point_range){points, 0, POINTS}, (wl_point_range){points, 0, POINTS},
                  (wl_tile){kappa, POINTS}, (wl_tile){theta, POINTS}, work);
  for (int i = 0; i < POINTS; i++) {
    kappa[i * (POINTS + 1)] = wl_kernel_points_kappa(points)[i];
    theta[i * (POINTS + 1)] = wl_kernel_points_theta(points)[i];
  }
  free(work);
  wl_kernel_points_destroy(&points);
}

enum { DRAWS = 200, PAIRS = 2 * POINTS * POINTS };

/* κ̂, then Θ̂ of one head, of network `index`. */
static void empirical(fixture *f, int64_t index, double *values) {
  const wl_net_source source = {5, WL_STREAM_PROBE, index, false};
  double last[POINTS * POINTS], lower[POINTS * POINTS];
  wl_net_draw(f->net, &source, f->parameters);
  wl_net_draw_masks(f->net, &source, f->tape);
  wl_net_forward(f->net, f->parameters, POINTS, f->x, f->tape, f->out);
  assert_int_equal(wl_net_kernels(f->net, f->parameters, f->x, f->tape, values, last, lower), WL_OK);
  for (int e = 0; e < POINTS * POINTS; e++) values[POINTS * POINTS + e] = last[e] + lower[e];
}

/* The mean of 2 K̂(2n) − K̂(n) is the exact kernel up to terms of 1/n², K̂ empirical: within 4.5 standard errors of 200 pairs of
   networks, and 2/n² of the diagonal for those terms. The shapes are such that the exact kernels come from elsewhere (src/kernel). */
static void compare_means(const wl_network *network, int64_t n) {
  fixture small = make_of(network, n, 1), large = make_of(network, 2 * n, 1);
  double exact[PAIRS], sum[PAIRS] = {0}, squares[PAIRS] = {0}, one[PAIRS], two[PAIRS];
  exact_kernels(network, small.x, exact, exact + POINTS * POINTS);
  for (int64_t i = 0; i < DRAWS; i++) {
    empirical(&small, i, one);
    empirical(&large, i, two);
    for (int e = 0; e < PAIRS; e++) {
      const double apart = 2.0 * two[e] - one[e] - exact[e];
      sum[e] += apart / DRAWS;
      squares[e] += apart * apart / DRAWS;
    }
  }
  for (int e = 0; e < PAIRS; e++) {
    const int block = e / (POINTS * POINTS) * POINTS * POINTS, i = e % POINTS, j = e % (POINTS * POINTS) / POINTS;
    const double diagonal = sqrt(exact[block + i * (POINTS + 1)] * exact[block + j * (POINTS + 1)]);
    const double error = sqrt((squares[e] - sum[e] * sum[e]) / (DRAWS - 1));
    must_be(sum[e], 0.0, 4.5 * error + 2.0 / (double)(n * n) * diagonal,
            "mean of an empirical kernel less the exact");
  }
  drop(&small);
  drop(&large);
}

static void means_of_kernels(void **state) {
  (void)state;
  for (int k = 0; k < LISTS; k++)
    for (int p = 0; p < 2; p++) {
      const wl_network network = list(k, p ? WL_PARAMETERIZATION_STANDARD : WL_PARAMETERIZATION_NTK);
      compare_means(&network, 32);
    }
}

/* ---- draws ------------------------------------------------------------------------------------------------------ */

/* A function of the number alone, heads apart unless a head is repeated on purpose. */
static void draws(void **state) {
  (void)state;
  fixture f = make(WL_ACTIVATION_ERF, 3, 2);
  wl_net_source source = {3, WL_STREAM_FINITE_PREDICTOR, 0, false};
  wl_net_draw(f.net, &source, f.work);
  assert_memory_equal(f.work, f.parameters, sizeof(double) * (size_t)f.size);
  source.repeat_head = true;
  wl_net_draw(f.net, &source, f.work);
  const int64_t last = wl_net_last_layer(f.net);
  assert_memory_equal(f.work, f.parameters, sizeof(double) * (size_t)last);
  for (int64_t i = last; i < f.size; i += 2) {
    assert_true(f.work[i] == f.parameters[i] && f.work[i + 1] == f.work[i]);
    assert_true(f.parameters[i + 1] != f.parameters[i]);
  }
  source.index = 1;
  source.repeat_head = false;
  wl_net_draw(f.net, &source, f.work);
  for (int64_t i = 0; i < f.size; i++) assert_true(f.work[i] != f.parameters[i]);
  drop(&f);
}

/* In standard parametrization the same numbers times σ_w/√N and σ_b give the same function; ψ* has in the last layer what is left of
   the variance 1, in NTK parametrization nothing. */
static void draws_in_standard_parametrization(void **state) {
  (void)state;
  wl_network network = list(0, WL_PARAMETERIZATION_NTK);
  network.layer[network.layer_count - 1].sigma_b = 0.6;
  fixture ntk = make_of(&network, WIDTH, 2);
  network.parameterization = WL_PARAMETERIZATION_STANDARD;
  fixture standard = make_of(&network, WIDTH, 2);
  wl_net_forward(ntk.net, ntk.parameters, POINTS, ntk.x, ntk.tape, ntk.out);
  wl_net_forward(standard.net, standard.parameters, POINTS, ntk.x, standard.tape, standard.out);
  for (int i = 0; i < 2 * POINTS; i++) must_be(standard.out[i], ntk.out[i], 1e-13, "f");
  const wl_net_source source = {3, WL_STREAM_FINITE_DIRECTION, 0, false};
  const int64_t last = wl_net_last_layer(ntk.net);
  wl_net_draw_direction(ntk.net, &source, true, ntk.direction);
  wl_net_draw_direction(ntk.net, &source, false, ntk.work);
  wl_net_draw_direction(standard.net, &source, false, standard.work);
  for (int64_t i = 0; i < ntk.size; i++) {
    const double rest = i < last ? 1.0 : i < ntk.size - 2 ? sqrt(1.0 - 1.1 * 1.1 / 4.0) : 0.8;
    must_be(ntk.work[i], i < last ? ntk.direction[i] : 0.0, 0.0, "direction");
    must_be(standard.work[i], rest * ntk.direction[i], 1e-15, "direction in standard parametrization");
  }
  drop(&ntk);
  drop(&standard);
}

/* Dropout sees f of dense layers whose weights are known: at x = 0 with biases alone a unit is 0 or 1/keep, a function of network,
   point and unit, and stays over passes. Their share is keep within 4.5 standard errors. */
static void masks(void **state) {
  (void)state;
  enum { UNITS = 400 };
  const double keep = 0.7;
  wl_network network = wl_network_default();
  network.layer_count = 3;
  network.layer[0] = dense(1.0, 1.0);
  network.layer[1] = dropout(keep);
  network.layer[2] = dense(1.0, 0.0);
  fixture f = make_of(&network, UNITS, 1);
  const int64_t last = wl_net_last_layer(f.net);
  for (int64_t i = 0; i < f.size; i++) f.parameters[i] = 0.0;
  for (int64_t i = last - UNITS; i < last; i++) f.parameters[i] = 1.0; /* biases */
  for (int64_t i = last; i < last + UNITS; i++)
    f.parameters[i] = sqrt(UNITS) * keep; /* f counts the units that stay */
  double kept[3][POINTS];
  for (int64_t index = 0; index < 2; index++) {
    wl_net_draw_masks(f.net, &(wl_net_source){3, WL_STREAM_FINITE_PREDICTOR, index, false}, f.tape);
    wl_net_forward(f.net, f.parameters, POINTS, f.x, f.tape, kept[index]);
  }
  wl_net_forward(f.net, f.parameters, 2, f.x, f.tape, kept[2]);
  must_be(kept[2][1], kept[1][1], 1e-9, "units that stay in a second pass");
  for (int j = 0; j < POINTS; j++) {
    must_be(kept[0][j], round(kept[0][j]), 1e-9, "units that stay");
    must_be(kept[0][j], keep * UNITS, 4.5 * sqrt(UNITS * keep * (1.0 - keep)), "units that stay");
    assert_true(j == 0 || fabs(kept[0][j] - kept[0][0]) + fabs(kept[1][j] - kept[1][0]) > 0.5);
  }
  assert_true(memcmp(kept[0], kept[1], sizeof kept[0]) != 0);
  drop(&f);
}

/* A list that spells out the network in short has its numbers, to the bit. */
static void list_that_spells_out(void **state) {
  (void)state;
  fixture f = make(WL_ACTIVATION_ERF, 3, 2);
  wl_network network = wl_network_default();
  const wl_layer hidden = dense(network.sigma_w, 0.4), phi = plain(WL_ACTIVATION_ERF);
  network.layer_count = 5;
  memcpy(network.layer, (const wl_layer[]){hidden, phi, hidden, phi, hidden}, 5 * sizeof hidden);
  fixture g = make_of(&network, WIDTH, 2);
  assert_int_equal(f.size, g.size);
  for (fixture *one = &f; one; one = one == &f ? &g : NULL) {
    wl_net_forward(one->net, one->parameters, POINTS, one->x, one->tape, one->out);
    wl_net_step(one->net, one->x, one->tape, one->out, 0.1, 0.5, one->parameters, one->direction);
  }
  assert_memory_equal(f.parameters, g.parameters, sizeof(double) * (size_t)f.size);
  drop(&f);
  drop(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(activations_and_derivatives),
      cmocka_unit_test(values_of_activations),
      cmocka_unit_test(jvp_against_differences),
      cmocka_unit_test(gradient_against_jvp),
      cmocka_unit_test(gradient_against_differences),
      cmocka_unit_test(step_against_gradient),
      cmocka_unit_test(kernels_against_jacobian),
      cmocka_unit_test(means_of_kernels),
      cmocka_unit_test(draws),
      cmocka_unit_test(draws_in_standard_parametrization),
      cmocka_unit_test(masks),
      cmocka_unit_test(list_that_spells_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
