#include "finite/combine.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct wl_combination {
  const wl_experiment *experiment; /* borrowed */
  double *mean, *features, *sum;   /* c × m; features of one width, and of their sum */
  double *uniforms;                /* [width][replicate][m] */
  double *gram, *work;             /* M × M each */
};

static double *room(int64_t count) { return malloc(sizeof(double) * (size_t)(count > 0 ? count : 1)); }

double wl_combination_bytes(const wl_problem *p, int64_t widths, int64_t networks) {
  const double M = (double)networks, m = (double)p->test;
  return 8.0 * (m * (double)p->outputs + M * (2.0 * (double)wl_claim_features(p) + (double)widths * m + 2.0 * M));
}

wl_error wl_combination_create(const wl_experiment *e, wl_combination **result) {
  *result = NULL;
  const int64_t M = e->networks, features = wl_claim_features(e->problem);
  wl_combination *c = calloc(1, sizeof *c);
  if (!c) WL_FAIL(WL_ERROR_MEMORY, "finite networks: out of memory");
  *c = (wl_combination){.experiment = e,
                        .mean = room(e->problem->test * e->problem->outputs),
                        .features = room(M * features),
                        .sum = room(M * features),
                        .uniforms = room(e->width_count * M * e->problem->test),
                        .gram = room(M * M),
                        .work = room(M * M)};
  if (!c->mean || !c->features || !c->sum || !c->uniforms || !c->gram || !c->work) {
    wl_combination_destroy(&c);
    WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory to compare %lld networks", (long long)M);
  }
  *result = c;
  return WL_OK;
}

void wl_combination_destroy(wl_combination **pointer) {
  wl_combination *c = *pointer;
  if (!c) return;
  free(c->mean);
  free(c->features);
  free(c->sum);
  free(c->uniforms);
  free(c->gram);
  free(c->work);
  free(c);
  *pointer = NULL;
}

static int64_t count_of(const wl_combination *c, const wl_claim_entry *entry) {
  return entry->flags & WL_CLAIM_GROUPS ? wl_claim_groups(c->experiment) : c->experiment->networks;
}

static int64_t fill(const wl_combination *c, const wl_claim_entry *entry, int64_t width, double *features) {
  const wl_experiment *e = c->experiment;
  const wl_view view = {.experiment = e,
                        .problem = e->problem,
                        .data = e->data + width * e->networks * e->record.size,
                        .mean = c->mean};
  return entry->fill(&view, entry->model, features);
}

/* D_i; how many features it has */
static int64_t sum_features(wl_combination *c, const wl_claim_entry *entry, const double *weights) {
  const int64_t M = count_of(c, entry);
  int64_t p = 0;
  for (int64_t w = 0; w < c->experiment->width_count; w++) {
    if (weights[w] == 0.0) continue;
    const bool first = p == 0;
    p = fill(c, entry, w, c->features);
    if (first) memset(c->sum, 0, sizeof(double) * (size_t)(M * p));
    for (int64_t i = 0; i < M * p; i++) c->sum[i] += weights[w] * c->features[i];
  }
  return p;
}

/* gram ← gram + weight (G + Gᵀ), G_ij = ⟨B_i, B_j'⟩, the mean over p pairs of functions 1{u ≤ s} − s with the inner product ∫ ds:
   (u² + u'²)/2 − max(u, u') + 1/3, the one of Cramér and von Mises */
static void add_products(int64_t count, int64_t p, double weight, const double *a, const double *b, double *gram) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t j = 0; j < count; j++) {
      double sum = 0.0;
      for (int64_t t = 0; t < p; t++) {
        const double u = a[i * p + t], v = b[j * p + t];
        sum += 0.5 * (u * u + v * v) - (u > v ? u : v) + 1.0 / 3.0;
      }
      gram[i * count + j] += weight * sum / (double)p;
      gram[j * count + i] += weight * sum / (double)p;
    }
}

/* D_i · D_j of the functions that uniforms stand for */
static void gram_of_uniforms(wl_combination *c, const wl_claim_entry *entry, const double *weights) {
  const int64_t M = count_of(c, entry), widths = c->experiment->width_count, m = c->experiment->problem->test;
  memset(c->gram, 0, sizeof(double) * (size_t)(M * M));
  for (int64_t w = 0; w < widths; w++) {
    if (weights[w] == 0.0) continue;
    const int64_t p = fill(c, entry, w, c->uniforms + w * M * m);
    for (int64_t v = 0; v <= w && p > 0; v++)
      if (weights[v] != 0.0)
        add_products(M, p, (v < w ? 1.0 : 0.5) * weights[w] * weights[v], c->uniforms + w * M * m,
                     c->uniforms + v * M * m, c->gram);
  }
}

static wl_estimate square(wl_combination *c, const wl_claim_entry *entry, const double *weights) {
  const int64_t M = count_of(c, entry);
  if (entry->flags & WL_CLAIM_UNIFORM) {
    gram_of_uniforms(c, entry, weights);
  } else {
    const int64_t p = sum_features(c, entry, weights);
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (blasint)M, (blasint)M, (blasint)p, 1.0, c->sum,
                (blasint)p, c->sum, (blasint)p, 0.0, c->gram, (blasint)M);
  }
  return wl_stat_square(M, c->gram, c->work);
}

wl_estimate wl_combination_estimate(wl_combination *c, const wl_claim_entry *entry, const double *weights) {
  if (entry->kind == WL_CLAIM_SQUARE) return square(c, entry, weights);
  sum_features(c, entry, weights);
  return wl_stat_mean(count_of(c, entry), c->sum);
}
