#include "inference/detection.h"

#include <math.h>
#include <stdlib.h>

typedef struct scored {
  double score, value;
} scored;

static int by_score(const void *a, const void *b) {
  const double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
  return (x > y) - (x < y);
}

/* Ascending. */
static wl_error sort(int64_t count, const double *score, const double *value, scored **sorted) {
  scored *points = malloc(sizeof *points * (size_t)(count + 1));
  if (!points) WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  for (int64_t i = 0; i < count; i++) {
    points[i] = (scored){score[i], value[i]};
    if (!isnan(score[i])) continue;
    free(points);
    WL_FAIL(WL_ERROR_NUMERICAL, "metrics: the score of point %lld is not a number", (long long)i + 1);
  }
  qsort(points, (size_t)count, sizeof *points, by_score);
  *sorted = points;
  return WL_OK;
}

/* The end of the run of equal scores that begins at i. */
static int64_t run_end(int64_t count, const scored *points, int64_t i) {
  const double score = points[i].score;
  while (i < count && points[i].score == score) i++;
  return i;
}

/* Average precision of finding flags that are `wanted` from the front on. */
static double average_precision(int64_t count, const scored *points, bool wanted) {
  double hits = 0.0, sum = 0.0;
  for (int64_t i = 0; i < count;) {
    const int64_t end = run_end(count, points, i);
    double found = 0.0;
    for (; i < end; i++) found += (points[i].value != 0.0) == wanted;
    hits += found;
    sum += found * hits / (double)end;
  }
  return sum / hits;
}

static double false_positive_rate(int64_t count, const scored *points, double level) {
  double in = 0.0, out = 0.0, all_in = 0.0;
  for (int64_t i = 0; i < count; i++) all_in += points[i].value == 0.0;
  for (int64_t i = 0; i < count && in < level * all_in;) {
    for (const int64_t end = run_end(count, points, i); i < end; i++)
      if (points[i].value == 0.0)
        in++;
      else
        out++;
  }
  return out / ((double)count - all_in);
}

wl_error wl_detect(int64_t count, const double *score, const double *flag, wl_detection *detection) {
  scored *points = NULL;
  WL_TRY(sort(count, score, flag, &points));
  detection->aupr_in = average_precision(count, points, false);
  detection->fpr95 = false_positive_rate(count, points, 0.95);
  for (int64_t i = 0; i < count / 2; i++) {
    const scored other = points[i];
    points[i] = points[count - 1 - i];
    points[count - 1 - i] = other;
  }
  detection->aupr_out = average_precision(count, points, true);
  free(points);
  if (isnan(detection->aupr_in) || isnan(detection->aupr_out))
    *detection = (wl_detection){.aupr_out = NAN, .aupr_in = NAN, .fpr95 = NAN};
  return WL_OK;
}

wl_error wl_risk_coverage(int64_t count, const double *score, const double *loss, double *area) {
  scored *points = NULL;
  WL_TRY(sort(count, score, loss, &points));
  double total = 0.0, sum = 0.0;
  for (int64_t i = 0; i < count;) {
    const int64_t begin = i, end = run_end(count, points, i);
    double more = 0.0;
    for (; i < end; i++) more += points[i].value;
    const double each = more / (double)(end - begin);
    for (int64_t k = begin; k < end; k++) {
      total += each;
      sum += total / (double)(k + 1);
    }
  }
  free(points);
  *area = sum / (double)count;
  return WL_OK;
}
