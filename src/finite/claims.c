/*
 * What each claim measures of every replicate of one width. K heads, m test points; ε the error after training, l = P ε₀
 * its limit for the same network, V the exact covariance of ε.
 */
#include "finite/claims.h"

#include <cblas.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

/* ---- access ---------------------------------------------------------------------------------------------------- */

static int64_t replicates(const wl_view *v) { return v->experiment->networks; }
static int64_t heads(const wl_view *v, int model) { return v->experiment->record.heads[model]; }
static const double *row(const wl_view *v, int64_t i) { return v->data + i * v->experiment->record.size; }

/* ε of head k, m numbers */
static const double *error_of(const wl_view *v, int model, int64_t i, int64_t k) {
  return row(v, i) + v->experiment->record.error[model] + k * v->problem->test;
}

static const double *limit_of(const wl_view *v, int model, int64_t i, int64_t k) {
  return row(v, i) + v->experiment->record.limit[model] + k * v->problem->test;
}

/* V: Σ of the ensemble, 2 Σ of RND unless its target is another network, the posterior's of Bayesian RND. */
static const double *law_of(const wl_view *v, int model) {
  const wl_problem *p = v->problem;
  return model == WL_FINITE_RND ? p->rnd : model == WL_FINITE_ENSEMBLE ? p->ensemble : p->posterior;
}

static double variance(const wl_view *v, int model, int64_t t) {
  return law_of(v, model)[t * v->problem->test + t];
}

static double trace(const wl_view *v, int model) {
  double sum = 0.0;
  for (int64_t t = 0; t < v->problem->test; t++) sum += variance(v, model, t);
  return sum;
}

/* At a training point the variance is zero but for rounding, and nothing can be divided by it. */
static bool is_certain(const wl_view *v, int model, int64_t t) {
  const int64_t at = (v->problem->train + t) * (v->problem->all + 1);
  return !(variance(v, model, t) > 1e-10 * v->problem->theta[at]);
}

/* ---- kernels and paths ------------------------------------------------------------------------------------------ */

static int64_t fill_kappa(const wl_view *v, int model, double *out) {
  (void)model;
  for (int64_t i = 0; i < replicates(v); i++) out[i] = row(v, i)[v->experiment->record.kappa];
  return 1;
}

static int64_t fill_theta(const wl_view *v, int model, double *out) {
  (void)model;
  for (int64_t i = 0; i < replicates(v); i++) out[i] = row(v, i)[v->experiment->record.theta];
  return 1;
}

/* ‖ε − l‖² / (K tr V) */
static int64_t fill_path(const wl_view *v, int model, double *out) {
  const int64_t m = v->problem->test, K = heads(v, model);
  for (int64_t i = 0; i < replicates(v); i++) {
    double sum = 0.0;
    for (int64_t k = 0; k < K; k++)
      for (int64_t t = 0; t < m; t++) {
        const double apart = error_of(v, model, i, k)[t] - limit_of(v, model, i, k)[t];
        sum += apart * apart;
      }
    out[i] = sum / ((double)K * trace(v, model));
  }
  return 1;
}

/* ---- variances --------------------------------------------------------------------------------------------------- */

/* Mean square of all heads over that of the law, less 1. */
static int64_t fill_variance(const wl_view *v, int model, double *out) {
  const int64_t m = v->problem->test, K = heads(v, model);
  for (int64_t i = 0; i < replicates(v); i++) {
    const double *e = error_of(v, model, i, 0);
    out[i] = cblas_ddot((blasint)(K * m), e, 1, e, 1) / ((double)K * trace(v, model)) - 1.0;
  }
  return 1;
}

/* ε̄ over all replicates: c × m */
static void fill_mean(const wl_view *v, double *mean) {
  const int64_t size = v->problem->test * heads(v, WL_FINITE_ENSEMBLE), M = replicates(v);
  memset(mean, 0, sizeof(double) * (size_t)size);
  for (int64_t i = 0; i < M; i++)
    for (int64_t t = 0; t < size; t++) mean[t] += error_of(v, WL_FINITE_ENSEMBLE, i, 0)[t] / (double)M;
}

/* The same about the mean of all members, as an empirical variance is: M/(M − 1) (ε_i − ε̄)². */
static int64_t fill_ensemble_variance(const wl_view *v, int model, double *out) {
  const int64_t size = v->problem->test * heads(v, model), M = replicates(v);
  const double norm = (double)heads(v, model) * trace(v, model);
  fill_mean(v, v->mean);
  for (int64_t i = 0; i < M; i++) {
    double sum = 0.0;
    for (int64_t t = 0; t < size; t++) {
      const double apart = error_of(v, model, i, 0)[t] - v->mean[t];
      sum += apart * apart;
    }
    out[i] = (double)M / ((double)M - 1.0) * sum / norm - 1.0;
  }
  return 1;
}

/* Networks of one number are independent, so the replicates' differences are too. */
static int64_t fill_rnd_vs_ensemble(const wl_view *v, int model, double *out) {
  fill_ensemble_variance(v, WL_FINITE_ENSEMBLE, out);
  for (int64_t i = 0; i < replicates(v); i++) {
    const double *e = error_of(v, model, i, 0);
    const int64_t size = heads(v, model) * v->problem->test;
    const double norm = (double)heads(v, model) * trace(v, model);
    out[i] = cblas_ddot((blasint)size, e, 1, e, 1) / norm - 1.0 - out[i];
  }
  return 1;
}

/* (l² − E[l² given the kernels]) / V: whether what is trained is drawn from the law that it should have. Its mean is 0 at
   every width. */
static int64_t fill_law(const wl_view *v, int model, double *out) {
  const int64_t m = v->problem->test, K = heads(v, model);
  for (int64_t i = 0; i < replicates(v); i++) {
    const double *l = limit_of(v, model, i, 0), *given = row(v, i) + v->experiment->record.conditional[model];
    double expected = 0.0;
    for (int64_t t = 0; t < m; t++) expected += given[t];
    out[i] = (cblas_ddot((blasint)(K * m), l, 1, l, 1) / (double)K - expected) / trace(v, model);
  }
  return 1;
}

/* ε² − l² in place of ε², and E[l²] given the kernels of the network at initialization in place of l²: the same mean,
   without the noise that ε and l share. */
static int64_t fill_coupled(const wl_view *v, int model, double *out) {
  const int64_t m = v->problem->test, K = heads(v, model);
  fill_law(v, model, out);
  for (int64_t i = 0; i < replicates(v); i++) {
    const double *e = error_of(v, model, i, 0);
    out[i] = cblas_ddot((blasint)(K * m), e, 1, e, 1) / ((double)K * trace(v, model)) - 1.0 - out[i];
  }
  return 1;
}

/* ---- covariances and means as vectors ------------------------------------------------------------------------------ */

/* B = (mean over heads of ε ε' − V) / ‖V‖_F, the upper triangle with √2 off the diagonal */
static int64_t fill_covariance(const wl_view *v, int model, double *out) {
  const int64_t m = v->problem->test, K = heads(v, model), p = m * (m + 1) / 2;
  const double *law = law_of(v, model);
  const double norm = cblas_dnrm2((blasint)(m * m), law, 1);
  for (int64_t i = 0; i < replicates(v); i++) {
    double *B = out + i * p;
    for (int64_t a = 0; a < m; a++)
      for (int64_t b = 0; b <= a; b++, B++) {
        double sum = 0.0;
        for (int64_t k = 0; k < K; k++) sum += error_of(v, model, i, k)[a] * error_of(v, model, i, k)[b];
        *B = (a == b ? 1.0 : M_SQRT2) * (sum / (double)K - law[a * m + b]) / norm;
      }
  }
  return p;
}

/* B = ε / √(c tr Σ): the ensemble's mean against A Y */
static int64_t fill_ensemble_mean(const wl_view *v, int model, double *out) {
  const int64_t p = v->problem->test * heads(v, model);
  const double norm = sqrt((double)heads(v, model) * trace(v, model));
  for (int64_t i = 0; i < replicates(v); i++)
    for (int64_t t = 0; t < p; t++) out[i * p + t] = error_of(v, model, i, 0)[t] / norm;
  return p;
}

/* ---- distributions -------------------------------------------------------------------------------------------------- */

/* F* of the law at the data, test points without variance left out: uniform under the law. Σ_k ε_k² / V follows χ²(K). */
static int64_t fill_rnd_distribution(const wl_view *v, int model, double *out) {
  const int64_t K = heads(v, model);
  double *u = out;
  for (int64_t i = 0; i < replicates(v); i++)
    for (int64_t t = 0; t < v->problem->test; t++) {
      if (is_certain(v, model, t)) continue;
      double sum = 0.0;
      for (int64_t k = 0; k < K; k++) sum += pow(error_of(v, model, i, k)[t], 2.0);
      *u++ = gsl_cdf_chisq_P(sum / variance(v, model, t), (double)K);
    }
  return (u - out) / replicates(v);
}

int64_t wl_claim_groups(const wl_experiment *experiment) {
  return experiment->networks / (experiment->record.heads[WL_FINITE_RND] + 1);
}

/* K times the sample variance of the K + 1 members of group g, first output */
static double group_squares(const wl_view *v, int64_t g, int64_t t) {
  const int64_t K = heads(v, WL_FINITE_RND);
  double mean = 0.0, sum = 0.0;
  for (int64_t i = g * (K + 1); i <= g * (K + 1) + K; i++)
    mean += error_of(v, WL_FINITE_ENSEMBLE, i, 0)[t] / (double)(K + 1);
  for (int64_t i = g * (K + 1); i <= g * (K + 1) + K; i++)
    sum += pow(error_of(v, WL_FINITE_ENSEMBLE, i, 0)[t] - mean, 2.0);
  return sum;
}

/* The same: that over Σ follows χ²(K). */
static int64_t fill_ensemble_distribution(const wl_view *v, int model, double *out) {
  const int64_t groups = wl_claim_groups(v->experiment);
  double *u = out;
  for (int64_t g = 0; g < groups; g++)
    for (int64_t t = 0; t < v->problem->test; t++)
      if (!is_certain(v, model, t))
        *u++ = gsl_cdf_chisq_P(group_squares(v, g, t) / variance(v, model, t), (double)heads(v, WL_FINITE_RND));
  return (u - out) / groups;
}

/* ---- posterior samples ------------------------------------------------------------------------------------------------ */

/* Variance of a sample, mean of the trained ensemble + one Bayesian head, about A Y: V + Σ/M. */
static double sample_variance(const wl_view *v, int64_t t) {
  return variance(v, WL_FINITE_BAYESIAN_RND, t) + variance(v, WL_FINITE_ENSEMBLE, t) / (double)replicates(v);
}

static double sample_of(const wl_view *v, int64_t i, int64_t k, int64_t t) {
  const int64_t output = k % heads(v, WL_FINITE_ENSEMBLE);
  return v->mean[output * v->problem->test + t] + error_of(v, WL_FINITE_BAYESIAN_RND, i, k)[t];
}

/* Mean square of replicate i's samples at test point t, and how many of them are within ± reach. */
static double sample_square(const wl_view *v, int64_t i, int64_t t, double reach, double *within) {
  const int64_t K = heads(v, WL_FINITE_BAYESIAN_RND);
  double sum = 0.0;
  for (int64_t k = 0; k < K; k++) {
    const double sample = sample_of(v, i, k, t);
    sum += sample * sample / (double)K;
    *within += fabs(sample) <= reach ? 1.0 : 0.0;
  }
  return sum;
}

/* The share of the samples of test point t within its exact central interval, for every replicate, added to out; less what
   `expected` says: the level, or the share that a normal law with the measured variance s has there, 2Φ(z) − 1 with
   z = z_level √(law/s). That follows s, and so each replicate counts with its own part in s. */
static void add_coverage(const wl_view *v, int64_t t, double level, bool measured, double weight, double *out) {
  const int64_t M = replicates(v), K = heads(v, WL_FINITE_BAYESIAN_RND);
  const double z_level = gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * level), law = sample_variance(v, t);
  double s = 0.0, unused = 0.0;
  for (int64_t i = 0; i < M; i++) s += sample_square(v, i, t, 0.0, &unused) / (double)M;
  const double z = measured ? z_level * sqrt(law / s) : z_level;
  const double slope = measured ? -z * exp(-0.5 * z * z) / (sqrt(2.0 * M_PI) * s) : 0.0;
  for (int64_t i = 0; i < M; i++) {
    double within = 0.0;
    const double square = sample_square(v, i, t, z_level * sqrt(law), &within);
    out[i] += weight * (within / (double)K - (1.0 - 2.0 * gsl_cdf_ugaussian_Q(z)) - slope * (square - s));
  }
}

static int64_t fill_coverage(const wl_view *v, double level, bool measured, double *out) {
  double used = 0.0;
  for (int64_t t = 0; t < v->problem->test; t++) used += is_certain(v, WL_FINITE_BAYESIAN_RND, t) ? 0.0 : 1.0;
  fill_mean(v, v->mean);
  memset(out, 0, sizeof(double) * (size_t)replicates(v));
  for (int64_t t = 0; t < v->problem->test; t++)
    if (!is_certain(v, WL_FINITE_BAYESIAN_RND, t)) add_coverage(v, t, level, measured, 1.0 / used, out);
  return 1;
}

#define WL_FILL_COVERAGE(name, level, measured)                                   \
  static int64_t fill_coverage_##name(const wl_view *v, int model, double *out) { \
    (void)model;                                                                  \
    return fill_coverage(v, level, measured, out);                                \
  }
WL_FILL_COVERAGE(50, 0.5, false)
WL_FILL_COVERAGE(90, 0.9, false)
WL_FILL_COVERAGE(shape_50, 0.5, true)
WL_FILL_COVERAGE(shape_90, 0.9, true)
#undef WL_FILL_COVERAGE

/* ---- heads ------------------------------------------------------------------------------------------------------------- */

/* Mean over pairs of heads and points of a·b, by (Σ a)² − Σ a². */
static int64_t fill_head_pairs(const wl_view *v, int model, bool of_squares, double *out) {
  const int64_t m = v->problem->test, K = heads(v, model);
  for (int64_t i = 0; i < replicates(v); i++) {
    double total = 0.0, used = 0.0;
    for (int64_t t = 0; t < m; t++) {
      if (is_certain(v, model, t)) continue;
      const double law = variance(v, model, t);
      double sum = 0.0, own = 0.0;
      for (int64_t k = 0; k < K; k++) {
        const double e = error_of(v, model, i, k)[t];
        const double a = of_squares ? e * e / law - 1.0 : e / sqrt(law);
        sum += a;
        own += a * a;
      }
      total += (sum * sum - own) / (double)(K * (K - 1));
      used += 1.0;
    }
    out[i] = used > 0.0 ? total / used : 0.0;
  }
  return 1;
}

static int64_t fill_head_correlation(const wl_view *v, int model, double *out) {
  return fill_head_pairs(v, model, false, out);
}

static int64_t fill_head_dependence(const wl_view *v, int model, double *out) {
  return fill_head_pairs(v, model, true, out);
}

/* ---- the list ------------------------------------------------------------------------------------------------------------ */

int64_t wl_claim_features(const wl_problem *p) {
  const int64_t covariance_size = p->test * (p->test + 1) / 2, mean_size = p->test * p->outputs;
  return covariance_size > mean_size ? covariance_size : mean_size;
}

const wl_claim_entry wl_claim_entries[WL_CLAIMS] = {
    {"kappa", "root mean square of |kappa_n - kappa|_F / |kappa|_F at initialization", WL_CLAIM_DISTANCE,
     fill_kappa, WL_FINITE_ENSEMBLE, 0, NULL},
    {"theta", "root mean square of |theta_n - theta|_F / |theta|_F at initialization, all heads together",
     WL_CLAIM_DISTANCE, fill_theta, WL_FINITE_ENSEMBLE, 0, NULL},
    {"ensemble_path", "root mean square of e - P e_0, relative to the exact one of e", WL_CLAIM_DISTANCE,
     fill_path, WL_FINITE_ENSEMBLE, 0, NULL},
    {"rnd_path", "root mean square of e - P e_0, relative to the exact one of e", WL_CLAIM_DISTANCE, fill_path,
     WL_FINITE_RND, 0, NULL},
    {"bayesian_rnd_path", "root mean square of e - P e_0, relative to the exact one of e", WL_CLAIM_DISTANCE,
     fill_path, WL_FINITE_BAYESIAN_RND, 0, NULL},
    {"ensemble_law",
     "trace of (l l' - E[l l' | kernels]) / exact trace, l = P e_0: is what is trained drawn as it should be",
     WL_CLAIM_ZERO, fill_law, WL_FINITE_ENSEMBLE, 0, NULL},
    {"ensemble_mean", "|E f(T) - A Y|^2 / trace of the ensemble's covariance", WL_CLAIM_SQUARE, fill_ensemble_mean,
     WL_FINITE_ENSEMBLE, 0, NULL},
    {"ensemble_variance", "trace of the members' sample covariance / exact trace - 1", WL_CLAIM_BIAS,
     fill_ensemble_variance, WL_FINITE_ENSEMBLE, 0, NULL},
    {"ensemble_coupled", "(trace of E[e e' - l l'] + E[l l' | kernels]) / exact trace - 1, l = P e_0",
     WL_CLAIM_BIAS, fill_coupled, WL_FINITE_ENSEMBLE, 0, NULL},
    {"ensemble_covariance", "|E[e e'] - exact|_F^2 / |exact|_F^2", WL_CLAIM_SQUARE, fill_covariance,
     WL_FINITE_ENSEMBLE, 0, NULL},
    {"rnd_law",
     "trace of (l l' - E[l l' | kernels]) / exact trace, l = P e_0: is what is trained drawn as it should be",
     WL_CLAIM_ZERO, fill_law, WL_FINITE_RND, 0, NULL},
    {"rnd_variance", "trace of E[e e'] / exact trace - 1", WL_CLAIM_BIAS, fill_variance, WL_FINITE_RND, 0, NULL},
    {"rnd_vs_ensemble", "(trace of E[e e'] / 2 - that of the members' sample covariance) / exact trace",
     WL_CLAIM_BIAS, fill_rnd_vs_ensemble, WL_FINITE_RND, WL_CLAIM_TWICE, NULL},
    {"rnd_coupled", "(trace of E[e e' - l l'] + E[l l' | kernels]) / exact trace - 1, l = P e_0", WL_CLAIM_BIAS,
     fill_coupled, WL_FINITE_RND, 0, NULL},
    {"rnd_covariance", "|E[e e'] - exact|_F^2 / |exact|_F^2", WL_CLAIM_SQUARE, fill_covariance, WL_FINITE_RND, 0,
     NULL},
    {"bayesian_rnd_law",
     "trace of (l l' - E[l l' | kernels]) / exact trace, l = P e_0: is what is trained drawn as it should be",
     WL_CLAIM_ZERO, fill_law, WL_FINITE_BAYESIAN_RND, 0, NULL},
    {"bayesian_rnd_variance", "trace of E[e e'] / trace of the NTK posterior - 1", WL_CLAIM_BIAS, fill_variance,
     WL_FINITE_BAYESIAN_RND, 0, NULL},
    {"bayesian_rnd_coupled", "(trace of E[e e' - l l'] + E[l l' | kernels]) / exact trace - 1, l = P e_0",
     WL_CLAIM_BIAS, fill_coupled, WL_FINITE_BAYESIAN_RND, 0, NULL},
    {"bayesian_rnd_covariance", "|E[e e'] - exact|_F^2 / |exact|_F^2", WL_CLAIM_SQUARE, fill_covariance,
     WL_FINITE_BAYESIAN_RND, 0, NULL},
    {"coverage_50", "share of samples (mean + head) in the central 50 % interval - 0.5", WL_CLAIM_BIAS,
     fill_coverage_50, WL_FINITE_BAYESIAN_RND, 0, fill_coverage_shape_50},
    {"coverage_90", "share of samples (mean + head) in the central 90 % interval - 0.9", WL_CLAIM_BIAS,
     fill_coverage_90, WL_FINITE_BAYESIAN_RND, 0, fill_coverage_shape_90},
    {"rnd_distribution", "squared Cramer-von Mises distance of mean_k e_k^2 to its exact mean chi2(K) / K",
     WL_CLAIM_SQUARE, fill_rnd_distribution, WL_FINITE_RND, WL_CLAIM_UNIFORM, NULL},
    {"ensemble_distribution", "the same of the sample variance of K + 1 members", WL_CLAIM_SQUARE,
     fill_ensemble_distribution, WL_FINITE_ENSEMBLE, WL_CLAIM_UNIFORM | WL_CLAIM_GROUPS, NULL},
    {"head_correlation", "mean over pairs of heads of E[e_k e_l] / variance", WL_CLAIM_ZERO, fill_head_correlation,
     WL_FINITE_RND, WL_CLAIM_HEADS, NULL},
    {"head_dependence", "mean over pairs of heads of E[(e_k^2 / variance - 1) (e_l^2 / variance - 1)]",
     WL_CLAIM_BIAS, fill_head_dependence, WL_FINITE_RND, WL_CLAIM_HEADS, NULL},
};
