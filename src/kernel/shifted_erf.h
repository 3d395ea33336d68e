/**
 * @file shifted_erf.h
 * The dual of erf(z + c), c ≥ 0.
 *
 * With f² = 2/(1 + 2q) of each point, h = c f, x = κ f_i f_j and m = 1 − x², Owen's function T [Owen 1956] gives
 *   E[φφ] = 1 − 4 T(h_i, y_i/h_i) − 4 T(h_j, y_j/h_j),   y_i = (h_j − x h_i)/√m,
 * and the two arcus tangents in T add up to acos x. What is left of T is an integral of an entire function,
 *   E[φφ] = 2/π (asin x + I(h_i, y_i) + I(h_j, y_j)),
 *   I(h, y) = h y ∫₀¹ g(h² + y² t²) dt,   g(s) = (1 − e^{−s/2})/s,
 *   E[φ'φ'] = 2/π f_i f_j/√m e^{−(h_i² + y_i²)/2}.
 * |y| ≤ 2c on the whole, so the nodes that Gauss's rule needs depend on c alone.
 */
#ifndef WIDELIMIT_KERNEL_SHIFTED_ERF_H
#define WIDELIMIT_KERNEL_SHIFTED_ERF_H

/** Largest c, and nodes for it. */
enum { WL_SHIFT_LIMIT = 10, WL_SHIFT_NODES = 8 + 4 * WL_SHIFT_LIMIT };

typedef struct wl_shifted_erf {
  double c;
  int nodes;
  double t2[WL_SHIFT_NODES], weight[WL_SHIFT_NODES]; /**< t² and the weights of Gauss's rule over (0, 1) */
} wl_shifted_erf;

/** Local. 0 ≤ c ≤ WL_SHIFT_LIMIT. */
void wl_shifted_erf_init(wl_shifted_erf *rule, double c);

/** Local. E[φ²] and E[φ'²] under N(0, q), where x = 2q/(1 + 2q) and y = h/√(1 + 4q). */
void wl_shifted_erf_diagonal(const wl_shifted_erf *rule, double q, double *square, double *slope);

#endif
