/*
 * What is measured of each claim, at one width. M networks, K heads, m test points; ε the error after training, l = P ε₀
 * its limit for the same network, V the exact covariance of ε. All sums over networks are of independent terms.
 */
#include "finite/claims.h"

#include <cblas.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

/* ---- access ---------------------------------------------------------------------------------------------------- */

static int64_t networks(const wl_view *v) { return v->study->networks; }
static int64_t heads(const wl_view *v, int model) { return v->study->record.heads[model]; }
static const double *row(const wl_view *v, int64_t i) { return v->data + i * v->study->record.size; }

/* ε of head k, m numbers */
static const double *error_of(const wl_view *v, int model, int64_t i, int64_t k) {
  return row(v, i) + v->study->record.error[model] + k * v->problem->test;
}

static const double *limit_of(const wl_view *v, int model, int64_t i, int64_t k) {
  return row(v, i) + v->study->record.limit[model] + k * v->problem->test;
}

/* V: Σ of the ensemble, 2 Σ of RND, the posterior's of Bayesian RND. */
static double scale_of(int model) { return model == WL_FINITE_RND ? 2.0 : 1.0; }

static const double *law_of(const wl_view *v, int model) {
  return model == WL_FINITE_BAYESIAN_RND ? v->problem->posterior : v->problem->ensemble;
}

static double variance(const wl_view *v, int model, int64_t t) {
  return scale_of(model) * law_of(v, model)[t * v->problem->test + t];
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

static wl_estimate mean_of_values(const wl_view *v) { return wl_stat_mean(networks(v), v->values); }

/* ---- kernels and paths ------------------------------------------------------------------------------------------ */

static wl_estimate measure_kappa(const wl_view *v) {
  for (int64_t i = 0; i < networks(v); i++) v->values[i] = row(v, i)[v->study->record.kappa];
  return mean_of_values(v);
}

static wl_estimate measure_theta(const wl_view *v) {
  for (int64_t i = 0; i < networks(v); i++) v->values[i] = row(v, i)[v->study->record.theta];
  return mean_of_values(v);
}

/* ‖ε − l‖² / (K tr V) */
static wl_estimate path(const wl_view *v, int model) {
  const int64_t m = v->problem->test, K = heads(v, model);
  for (int64_t i = 0; i < networks(v); i++) {
    double sum = 0.0;
    for (int64_t k = 0; k < K; k++)
      for (int64_t t = 0; t < m; t++) {
        const double apart = error_of(v, model, i, k)[t] - limit_of(v, model, i, k)[t];
        sum += apart * apart;
      }
    v->values[i] = sum / ((double)K * trace(v, model));
  }
  return mean_of_values(v);
}

/* ---- variances --------------------------------------------------------------------------------------------------- */

/* Mean square of all heads over that of the law, network by network. */
static void fill_squares(const wl_view *v, int model) {
  const int64_t m = v->problem->test, K = heads(v, model);
  for (int64_t i = 0; i < networks(v); i++) {
    const double *e = error_of(v, model, i, 0);
    v->values[i] = cblas_ddot((blasint)(K * m), e, 1, e, 1) / ((double)K * trace(v, model));
  }
}

/* The same about the mean of all members, as an empirical variance is: M/(M − 1) (ε_i − ε̄)². */
static void fill_centred_squares(const wl_view *v) {
  const int64_t size = v->problem->test * heads(v, WL_FINITE_ENSEMBLE), M = networks(v);
  const double norm = (double)heads(v, WL_FINITE_ENSEMBLE) * trace(v, WL_FINITE_ENSEMBLE);
  double *mean = v->features;
  memset(mean, 0, sizeof(double) * (size_t)size);
  for (int64_t i = 0; i < M; i++)
    for (int64_t t = 0; t < size; t++) mean[t] += error_of(v, WL_FINITE_ENSEMBLE, i, 0)[t] / (double)M;
  for (int64_t i = 0; i < M; i++) {
    double sum = 0.0;
    for (int64_t t = 0; t < size; t++) {
      const double apart = error_of(v, WL_FINITE_ENSEMBLE, i, 0)[t] - mean[t];
      sum += apart * apart;
    }
    v->values[i] = (double)M / ((double)M - 1.0) * sum / norm;
  }
}

static wl_estimate minus_one(wl_estimate e) {
  e.value -= 1.0;
  return e;
}

static wl_estimate ensemble_variance(const wl_view *v) {
  fill_centred_squares(v);
  return minus_one(mean_of_values(v));
}

static wl_estimate squares(const wl_view *v, int model) {
  fill_squares(v, model);
  return minus_one(mean_of_values(v));
}

static wl_estimate rnd_against_ensemble(const wl_view *v) {
  fill_centred_squares(v);
  const wl_estimate a = mean_of_values(v);
  fill_squares(v, WL_FINITE_RND);
  const wl_estimate b = mean_of_values(v);
  const double error = hypot(a.error, b.error), third = b.skew * pow(b.error, 3.0) - a.skew * pow(a.error, 3.0);
  return (wl_estimate){.value = b.value - a.value,
                       .error = error,
                       .null_error = error,
                       .skew = error > 0.0 ? third / pow(error, 3.0) : 0.0};
}

/* ε² − l² in place of ε², and E[l²] given the kernels of the network at initialization in place of l²: the same mean,
   without the noise that ε and l share. */
static wl_estimate coupled(const wl_view *v, int model) {
  const int64_t m = v->problem->test, K = heads(v, model);
  fill_squares(v, model);
  for (int64_t i = 0; i < networks(v); i++) {
    const double *l = limit_of(v, model, i, 0), *given = row(v, i) + v->study->record.conditional[model];
    double expected = 0.0;
    for (int64_t t = 0; t < m; t++) expected += given[t];
    v->values[i] += (expected - cblas_ddot((blasint)(K * m), l, 1, l, 1) / (double)K) / trace(v, model);
  }
  return minus_one(mean_of_values(v));
}

/* (l² − E[l² given the kernels]) / V: whether what is trained is drawn from the law that it should have. Its mean is 0 at
   every width. */
static wl_estimate law(const wl_view *v, int model) {
  const int64_t m = v->problem->test, K = heads(v, model);
  for (int64_t i = 0; i < networks(v); i++) {
    const double *l = limit_of(v, model, i, 0), *given = row(v, i) + v->study->record.conditional[model];
    double expected = 0.0;
    for (int64_t t = 0; t < m; t++) expected += given[t];
    v->values[i] = (cblas_ddot((blasint)(K * m), l, 1, l, 1) / (double)K - expected) / trace(v, model);
  }
  return mean_of_values(v);
}

/* ---- covariances and means as vectors ------------------------------------------------------------------------------ */

/* ‖E[B]‖² of the first `count` feature vectors of length p. */
static wl_estimate square_of_features(const wl_view *v, int64_t count, int64_t p) {
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (blasint)count, (blasint)count, (blasint)p, 1.0,
              v->features, (blasint)p, v->features, (blasint)p, 0.0, v->gram, (blasint)count);
  return wl_stat_square(count, v->gram, v->work);
}

/* B = (mean over heads of ε ε' − V) / ‖V‖_F, the upper triangle with √2 off the diagonal */
static wl_estimate covariance(const wl_view *v, int model) {
  const int64_t m = v->problem->test, K = heads(v, model), p = m * (m + 1) / 2;
  const double *law = law_of(v, model);
  const double norm = scale_of(model) * cblas_dnrm2((blasint)(m * m), law, 1);
  for (int64_t i = 0; i < networks(v); i++) {
    double *B = v->features + i * p;
    for (int64_t a = 0; a < m; a++)
      for (int64_t b = 0; b <= a; b++, B++) {
        double sum = 0.0;
        for (int64_t k = 0; k < K; k++) sum += error_of(v, model, i, k)[a] * error_of(v, model, i, k)[b];
        *B = (a == b ? 1.0 : M_SQRT2) * (sum / (double)K - scale_of(model) * law[a * m + b]) / norm;
      }
  }
  return square_of_features(v, networks(v), p);
}

/* B = ε / √(c tr Σ): the ensemble's mean against A Y */
static wl_estimate ensemble_mean(const wl_view *v) {
  const int64_t p = v->problem->test * heads(v, WL_FINITE_ENSEMBLE);
  const double norm = sqrt((double)heads(v, WL_FINITE_ENSEMBLE) * trace(v, WL_FINITE_ENSEMBLE));
  for (int64_t i = 0; i < networks(v); i++)
    for (int64_t t = 0; t < p; t++) v->features[i * p + t] = error_of(v, WL_FINITE_ENSEMBLE, i, 0)[t] / norm;
  return square_of_features(v, networks(v), p);
}

/* ---- distributions -------------------------------------------------------------------------------------------------- */

/* The squared Cramér and von Mises distance ∫ (F − F*)² dF* to the law, mean over the test points: F* at the data (count ×
   m) is uniform under it, and B(s) = 1{u ≤ s} − s has ⟨B, B'⟩ = (u² + u'²)/2 − max(u, u') + 1/3. */
static wl_estimate distance_of_uniforms(const wl_view *v, int model, int64_t count, const double *u) {
  const int64_t m = v->problem->test;
  int64_t used = 0;
  memset(v->gram, 0, sizeof(double) * (size_t)(count * count));
  for (int64_t t = 0; t < m; t++) {
    if (is_certain(v, model, t)) continue;
    used++;
    for (int64_t i = 0; i < count; i++)
      for (int64_t j = 0; j < count; j++) {
        const double a = u[i * m + t], b = u[j * m + t];
        v->gram[i * count + j] += 0.5 * (a * a + b * b) - fmax(a, b) + 1.0 / 3.0;
      }
  }
  cblas_dscal((blasint)(count * count), 1.0 / (double)(used > 0 ? used : 1), v->gram, 1);
  return wl_stat_square(count, v->gram, v->work);
}

/* Σ_k ε_k² / V follows χ²(K). */
static wl_estimate rnd_distribution(const wl_view *v) {
  const int64_t m = v->problem->test, K = heads(v, WL_FINITE_RND);
  for (int64_t i = 0; i < networks(v); i++)
    for (int64_t t = 0; t < m; t++) {
      double sum = 0.0;
      for (int64_t k = 0; k < K; k++) sum += pow(error_of(v, WL_FINITE_RND, i, k)[t], 2.0);
      const double law = variance(v, WL_FINITE_RND, t);
      v->features[i * m + t] = is_certain(v, WL_FINITE_RND, t) ? 0.5 : gsl_cdf_chisq_P(sum / law, (double)K);
    }
  return distance_of_uniforms(v, WL_FINITE_RND, networks(v), v->features);
}

int64_t wl_claim_groups(const wl_experiment *study) {
  return study->networks / (study->record.heads[WL_FINITE_RND] + 1);
}

/* K times the sample variance of K + 1 members over Σ follows χ²(K). */
static wl_estimate ensemble_distribution(const wl_view *v) {
  const int64_t m = v->problem->test, K = heads(v, WL_FINITE_RND), groups = wl_claim_groups(v->study);
  for (int64_t g = 0; g < groups; g++)
    for (int64_t t = 0; t < m; t++) {
      double mean = 0.0, sum = 0.0;
      for (int64_t i = 0; i <= K; i++)
        mean += error_of(v, WL_FINITE_ENSEMBLE, g * (K + 1) + i, 0)[t] / (double)(K + 1);
      for (int64_t i = 0; i <= K; i++)
        sum += pow(error_of(v, WL_FINITE_ENSEMBLE, g * (K + 1) + i, 0)[t] - mean, 2.0);
      const double law = variance(v, WL_FINITE_ENSEMBLE, t);
      v->features[g * m + t] = is_certain(v, WL_FINITE_ENSEMBLE, t) ? 0.5 : gsl_cdf_chisq_P(sum / law, (double)K);
    }
  return distance_of_uniforms(v, WL_FINITE_ENSEMBLE, groups, v->features);
}

/* ---- posterior samples ------------------------------------------------------------------------------------------------ */

/* Sample = mean of the trained ensemble + one Bayesian head. Its distance from A Y has variance V + Σ/M; the share within
   the central interval of that, less its level. */
static wl_estimate coverage(const wl_view *v, double level) {
  const int64_t m = v->problem->test, K = heads(v, WL_FINITE_BAYESIAN_RND), M = networks(v);
  const int64_t c = heads(v, WL_FINITE_ENSEMBLE);
  const double reach = gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * level);
  double *mean = v->features;
  memset(mean, 0, sizeof(double) * (size_t)(m * c));
  for (int64_t i = 0; i < M; i++)
    for (int64_t t = 0; t < m * c; t++) mean[t] += error_of(v, WL_FINITE_ENSEMBLE, i, 0)[t] / (double)M;
  for (int64_t i = 0; i < M; i++) {
    double within = 0.0, all = 0.0;
    for (int64_t k = 0; k < K; k++)
      for (int64_t t = 0; t < m; t++) {
        if (is_certain(v, WL_FINITE_BAYESIAN_RND, t)) continue;
        const double sample = mean[k % c * m + t] + error_of(v, WL_FINITE_BAYESIAN_RND, i, k)[t];
        const double law = variance(v, WL_FINITE_BAYESIAN_RND, t) + variance(v, WL_FINITE_ENSEMBLE, t) / (double)M;
        within += fabs(sample) <= reach * sqrt(law) ? 1.0 : 0.0;
        all += 1.0;
      }
    v->values[i] = all > 0.0 ? within / all - level : 0.0;
  }
  return mean_of_values(v);
}

/* ---- heads ------------------------------------------------------------------------------------------------------------- */

/* Mean over pairs of heads and points of a·b, by (Σ a)² − Σ a². */
static wl_estimate head_pairs(const wl_view *v, bool of_squares) {
  const int64_t m = v->problem->test, K = heads(v, WL_FINITE_RND);
  for (int64_t i = 0; i < networks(v); i++) {
    double total = 0.0, used = 0.0;
    for (int64_t t = 0; t < m; t++) {
      if (is_certain(v, WL_FINITE_RND, t)) continue;
      const double law = variance(v, WL_FINITE_RND, t);
      double sum = 0.0, own = 0.0;
      for (int64_t k = 0; k < K; k++) {
        const double e = error_of(v, WL_FINITE_RND, i, k)[t];
        const double a = of_squares ? e * e / law - 1.0 : e / sqrt(law);
        sum += a;
        own += a * a;
      }
      total += (sum * sum - own) / (double)(K * (K - 1));
      used += 1.0;
    }
    v->values[i] = used > 0.0 ? total / used : 0.0;
  }
  return mean_of_values(v);
}

/* ---- the list ------------------------------------------------------------------------------------------------------------ */

static wl_estimate ensemble_path(const wl_view *v) { return path(v, WL_FINITE_ENSEMBLE); }
static wl_estimate rnd_path(const wl_view *v) { return path(v, WL_FINITE_RND); }
static wl_estimate bayesian_path(const wl_view *v) { return path(v, WL_FINITE_BAYESIAN_RND); }
static wl_estimate ensemble_law(const wl_view *v) { return law(v, WL_FINITE_ENSEMBLE); }
static wl_estimate rnd_law(const wl_view *v) { return law(v, WL_FINITE_RND); }
static wl_estimate bayesian_law(const wl_view *v) { return law(v, WL_FINITE_BAYESIAN_RND); }
static wl_estimate ensemble_coupled(const wl_view *v) { return coupled(v, WL_FINITE_ENSEMBLE); }
static wl_estimate ensemble_covariance(const wl_view *v) { return covariance(v, WL_FINITE_ENSEMBLE); }
static wl_estimate rnd_variance(const wl_view *v) { return squares(v, WL_FINITE_RND); }
static wl_estimate rnd_coupled(const wl_view *v) { return coupled(v, WL_FINITE_RND); }
static wl_estimate rnd_covariance(const wl_view *v) { return covariance(v, WL_FINITE_RND); }
static wl_estimate bayesian_variance(const wl_view *v) { return squares(v, WL_FINITE_BAYESIAN_RND); }
static wl_estimate bayesian_coupled(const wl_view *v) { return coupled(v, WL_FINITE_BAYESIAN_RND); }
static wl_estimate bayesian_covariance(const wl_view *v) { return covariance(v, WL_FINITE_BAYESIAN_RND); }
static wl_estimate coverage_50(const wl_view *v) { return coverage(v, 0.5); }
static wl_estimate coverage_90(const wl_view *v) { return coverage(v, 0.9); }
static wl_estimate head_correlation(const wl_view *v) { return head_pairs(v, false); }
static wl_estimate head_dependence(const wl_view *v) { return head_pairs(v, true); }

int64_t wl_claim_features(const wl_problem *p) {
  const int64_t covariance_size = p->test * (p->test + 1) / 2, mean_size = p->test * p->outputs;
  return covariance_size > mean_size ? covariance_size : mean_size;
}

const wl_claim_entry wl_claim_entries[WL_CLAIMS] = {
    {"kappa", "root mean square of |kappa_n - kappa|_F / |kappa|_F at initialization", WL_CLAIM_DISTANCE,
     measure_kappa, WL_CLAIM_PRECISE},
    {"theta", "root mean square of |theta_n - theta|_F / |theta|_F at initialization, all heads together",
     WL_CLAIM_DISTANCE, measure_theta, WL_CLAIM_PRECISE},
    {"ensemble_path", "root mean square of e - P e_0, relative to the exact one of e", WL_CLAIM_DISTANCE,
     ensemble_path, WL_CLAIM_PRECISE},
    {"rnd_path", "root mean square of e - P e_0, relative to the exact one of e", WL_CLAIM_DISTANCE, rnd_path,
     WL_CLAIM_PRECISE},
    {"bayesian_rnd_path", "root mean square of e - P e_0, relative to the exact one of e", WL_CLAIM_DISTANCE,
     bayesian_path, WL_CLAIM_PRECISE},
    {"ensemble_law",
     "trace of (l l' - E[l l' | kernels]) / exact trace, l = P e_0: is what is trained drawn as it should be",
     WL_CLAIM_ZERO, ensemble_law, 0},
    {"ensemble_mean", "|E f(T) - A Y|^2 / trace of the ensemble's covariance", WL_CLAIM_SQUARE, ensemble_mean, 0},
    {"ensemble_variance", "trace of the members' sample covariance / exact trace - 1", WL_CLAIM_BIAS,
     ensemble_variance, 0},
    {"ensemble_coupled", "(trace of E[e e' - l l'] + E[l l' | kernels]) / exact trace - 1, l = P e_0",
     WL_CLAIM_BIAS, ensemble_coupled, WL_CLAIM_PRECISE},
    {"ensemble_covariance", "|E[e e'] - exact|_F^2 / |exact|_F^2", WL_CLAIM_SQUARE, ensemble_covariance, 0},
    {"rnd_law",
     "trace of (l l' - E[l l' | kernels]) / exact trace, l = P e_0: is what is trained drawn as it should be",
     WL_CLAIM_ZERO, rnd_law, 0},
    {"rnd_variance", "trace of E[e e'] / 2 / exact trace of the ensemble - 1", WL_CLAIM_BIAS, rnd_variance, 0},
    {"rnd_vs_ensemble", "(trace of E[e e'] / 2 - that of the members' sample covariance) / exact trace",
     WL_CLAIM_BIAS, rnd_against_ensemble, 0},
    {"rnd_coupled", "(trace of E[e e' - l l'] + E[l l' | kernels]) / exact trace - 1, l = P e_0", WL_CLAIM_BIAS,
     rnd_coupled, WL_CLAIM_PRECISE},
    {"rnd_covariance", "|E[e e'] - exact|_F^2 / |exact|_F^2", WL_CLAIM_SQUARE, rnd_covariance, 0},
    {"bayesian_rnd_law",
     "trace of (l l' - E[l l' | kernels]) / exact trace, l = P e_0: is what is trained drawn as it should be",
     WL_CLAIM_ZERO, bayesian_law, 0},
    {"bayesian_rnd_variance", "trace of E[e e'] / trace of the NTK posterior - 1", WL_CLAIM_BIAS,
     bayesian_variance, 0},
    {"bayesian_rnd_coupled", "(trace of E[e e' - l l'] + E[l l' | kernels]) / exact trace - 1, l = P e_0",
     WL_CLAIM_BIAS, bayesian_coupled, WL_CLAIM_PRECISE},
    {"bayesian_rnd_covariance", "|E[e e'] - exact|_F^2 / |exact|_F^2", WL_CLAIM_SQUARE, bayesian_covariance, 0},
    {"coverage_50", "share of samples (mean + head) in the central 50 % interval - 0.5", WL_CLAIM_BIAS,
     coverage_50, 0},
    {"coverage_90", "share of samples (mean + head) in the central 90 % interval - 0.9", WL_CLAIM_BIAS,
     coverage_90, 0},
    {"rnd_distribution", "squared Cramer-von Mises distance of mean_k e_k^2 / 2 to Sigma chi2(K) / K",
     WL_CLAIM_SQUARE, rnd_distribution, 0},
    {"ensemble_distribution", "the same of the sample variance of K + 1 members", WL_CLAIM_SQUARE,
     ensemble_distribution, WL_CLAIM_GROUPS},
    {"head_correlation", "mean over pairs of heads of E[e_k e_l] / variance", WL_CLAIM_ZERO, head_correlation,
     WL_CLAIM_HEADS},
    {"head_dependence", "mean over pairs of heads of E[(e_k^2 / variance - 1) (e_l^2 / variance - 1)]",
     WL_CLAIM_BIAS, head_dependence, WL_CLAIM_HEADS},
};
