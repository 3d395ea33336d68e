#include "inference/metrics.h"

#include <math.h>
#include <stdlib.h>

static int64_t largest(int64_t count, const double *x) {
  int64_t best = 0;
  for (int64_t j = 1; j < count; j++)
    if (x[j] > x[best]) best = j;
  return best;
}

int64_t wl_forecast_class(const wl_forecast *f, int64_t i) {
  const double *y = f->target + i * f->outputs;
  const int64_t class = largest(f->outputs, y);
  return y[class] > 0.0 ? class : -1;
}

static bool is_right(const wl_forecast *f, int64_t i) {
  return largest(f->outputs, f->mean + i * f->outputs) == wl_forecast_class(f, i);
}

static double squared_error(const wl_forecast *f, int64_t i) {
  double squared = 0.0;
  for (int64_t k = i * f->outputs; k < (i + 1) * f->outputs; k++)
    squared += (f->target[k] - f->mean[k]) * (f->target[k] - f->mean[k]);
  return squared;
}

static void add_likelihood(wl_score *score, const wl_forecast *f, int64_t i) {
  for (int64_t j = 0; j < f->outputs; j++) {
    const double error = f->target[i * f->outputs + j] - f->mean[i * f->outputs + j];
    const double v = wl_forecast_variance(f, i, j);
    score->log_variance += log(2.0 * M_PI * v);
    score->scaled_error += error * error / v;
  }
}

void wl_score_add(wl_score *score, const wl_forecast *f) {
  score->outputs = f->outputs;
  for (int64_t i = 0; i < f->count; i++) {
    if (!wl_forecast_counts(f, i)) continue;
    score->points++;
    score->squared_error += squared_error(f, i);
    score->correct += is_right(f, i);
    if (f->variance) add_likelihood(score, f, i);
  }
}

void wl_forecast_losses(const wl_forecast *f, bool classes, double *loss) {
  for (int64_t i = 0; i < f->count; i++)
    loss[i] = classes ? !is_right(f, i) : squared_error(f, i) / (double)f->outputs;
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
