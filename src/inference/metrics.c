#include "inference/metrics.h"

#include <math.h>
#include <stdlib.h>

static int64_t largest(int64_t count, const double *x) {
  int64_t best = 0;
  for (int64_t j = 1; j < count; j++)
    if (x[j] > x[best]) best = j;
  return best;
}

void wl_score_add(wl_score *score, int64_t count, int64_t outputs, const double *mean, const double *variance,
                  double noise_variance, const double *target, const double *ood) {
  score->outputs = outputs;
  for (int64_t i = 0; i < count; i++) {
    if (ood && ood[i] != 0.0) continue;
    const double *m = mean + i * outputs, *y = target + i * outputs;
    double squared = 0.0;
    for (int64_t j = 0; j < outputs; j++) squared += (y[j] - m[j]) * (y[j] - m[j]);
    score->points++;
    score->squared_error += squared;
    const int64_t class = largest(outputs, y);
    score->correct += y[class] > 0.0 && largest(outputs, m) == class;
    if (!variance) continue;
    const double v = variance[i] + noise_variance;
    score->log_variance += (double)outputs * log(2.0 * M_PI * v);
    score->scaled_error += squared / v;
  }
}

double wl_score_rmse(const wl_score *s) { return sqrt(s->squared_error / (double)(s->points * s->outputs)); }

double wl_score_negative_log_likelihood(const wl_score *s) {
  return 0.5 * (s->log_variance + s->scaled_error) / (double)(s->points * s->outputs);
}

double wl_score_accuracy(const wl_score *s) { return (double)s->correct / (double)s->points; }

typedef struct flagged {
  double score, flag;
} flagged;

static int by_score(const void *a, const void *b) {
  const double x = ((const flagged *)a)->score, y = ((const flagged *)b)->score;
  return (x > y) - (x < y);
}

wl_error wl_auroc(int64_t count, const double *score, const double *flag, double *area) {
  flagged *points = malloc(sizeof *points * (size_t)(count + 1));
  if (!points) WL_FAIL(WL_ERROR_MEMORY, "AUROC: out of memory");
  for (int64_t i = 0; i < count; i++) {
    points[i] = (flagged){score[i], flag[i]};
    if (!isnan(score[i])) continue;
    free(points);
    WL_FAIL(WL_ERROR_NUMERICAL, "AUROC: the score of point %lld is not a number", (long long)i + 1);
  }
  qsort(points, (size_t)count, sizeof *points, by_score);

  double rank_sum = 0.0, positive = 0.0;
  for (int64_t i = 0; i < count;) {
    int64_t end = i;
    double tied_positive = 0.0;
    while (end < count && points[end].score == points[i].score) tied_positive += points[end++].flag != 0.0;
    rank_sum += tied_positive * 0.5 * (double)(i + 1 + end); /* midrank of i + 1 … end */
    positive += tied_positive;
    i = end;
  }
  free(points);
  *area = (rank_sum - 0.5 * positive * (positive + 1.0)) / (positive * ((double)count - positive));
  return WL_OK;
}
