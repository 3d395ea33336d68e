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
 * |y| ≤ 2c on the whole, so the nodes that Gauss's rule needs depend on c alone. I(h, y)/y is an entire function of y², of which
 * each point keeps the Chebyshev series over 0 ≤ y² ≤ 4c²: a pair takes two sums and no integral.
 */
#ifndef WIDELIMIT_KERNEL_SHIFTED_ERF_H
#define WIDELIMIT_KERNEL_SHIFTED_ERF_H

/** Largest c, and for it nodes and terms: those left out are below ε of the sum for all h ≤ √2 c. */
enum {
  WL_SHIFT_LIMIT = 10,
  WL_SHIFT_NODES = 8 + 4 * WL_SHIFT_LIMIT,
  WL_SHIFT_TERMS = 8 + 7 * WL_SHIFT_LIMIT,
};

typedef struct wl_shifted_erf {
  double c;
  int nodes, terms;
  double t2[WL_SHIFT_NODES], weight[WL_SHIFT_NODES]; /**< t² and the weights of Gauss's rule over (0, 1) */
  double cosine[4 * WL_SHIFT_TERMS];                 /**< cos(π k/(2 terms)), a whole turn */
} wl_shifted_erf;

/** Local. 0 ≤ c ≤ WL_SHIFT_LIMIT. */
void wl_shifted_erf_init(wl_shifted_erf *rule, double c);

/** Local. Terms of the series for a shift of that size, c ≥ 0. */
int wl_shifted_erf_terms(double c);

/** Local. Of a point of variance q: I(h, y)/y = Σ_k series[k] T_k(y²/(2c²) − 1). */
void wl_shifted_erf_series(const wl_shifted_erf *rule, double q, double *series);

/** Local. E[φ²] and E[φ'²] under N(0, q), where x = 2q/(1 + 2q) and y = h/√(1 + 4q). */
void wl_shifted_erf_diagonal(const wl_shifted_erf *rule, double q, double *square, double *slope);

#endif
