/**
 * @file random.h
 * Counter-based random numbers: a value is a function of (seed, stream, i, j) and of nothing else, so that any
 * rank on any grid draws the same. Philox-4x64-10 [Salmon et al., SC 2011] from Random123. Local, pure.
 */
#ifndef WIDELIMIT_BASE_RANDOM_H
#define WIDELIMIT_BASE_RANDOM_H

#include <stdint.h>

/**
 * What a stream is used for. No two kinds of draws share one; probing vectors, whatever they probe, all come from WL_STREAM_PROBE.
 * Values are part of the file format: only append.
 */
typedef enum wl_stream {
  WL_STREAM_SYNTHETIC_TRAIN,
  WL_STREAM_SYNTHETIC_TEST,
  WL_STREAM_PROBE,             /* of residuals, traces and norms */
  WL_STREAM_POSTERIOR,         /* draws of the posterior */
  WL_STREAM_ENSEMBLE,          /* initial functions of ensemble members */
  WL_STREAM_RND_FUNCTION,      /* initial functions of RND predictors */
  WL_STREAM_RND_TARGET,        /* RND targets */
  WL_STREAM_BAYESIAN_FUNCTION, /* initial functions of Bayesian RND predictors */
  WL_STREAM_BAYESIAN_TARGET,   /* Bayesian RND targets */
  WL_STREAM_BAYESIAN_NOISE,    /* what each of its heads sees of the observation noise */
  WL_STREAM_CERTIFY_ENSEMBLE,  /* the noise through which the certificate looks, by kind of draw */
  WL_STREAM_CERTIFY_RND,
  WL_STREAM_CERTIFY_BAYESIAN,
  WL_STREAM_CERTIFY_POSTERIOR,
  WL_STREAM_FINITE_ENSEMBLE,  /**< parameters of finite networks: ensemble members */
  WL_STREAM_FINITE_PREDICTOR, /**< predictors of RND */
  WL_STREAM_FINITE_TARGET,    /**< targets of RND */
  WL_STREAM_FINITE_BAYESIAN,  /**< predictors of Bayesian RND */
  WL_STREAM_FINITE_DIRECTION, /**< directions of their targets */
  WL_STREAM_FINITE_NOISE,     /**< noise on their targets */
  WL_STREAM_SPLIT,            /**< which rows of a data set are for testing */
  WL_STREAM_TUNE_SUBSET,      /**< which training rows tune evaluates on */
  WL_STREAM_TUNE_PLACE,       /**< where it looks */
  WL_STREAM_PIVOT,            /**< pivots of a partial Cholesky factor */
} wl_stream;

/** One standard normal number at (i, j). */
double wl_random_normal(uint64_t seed, wl_stream stream, uint64_t i, uint64_t j);

/** `count` standard normal numbers; out[e] is a function of (seed, stream, i, j, e). Faster than one by one. */
void wl_random_normals(uint64_t seed, wl_stream stream, uint64_t i, uint64_t j, int64_t count, double *out);

#endif
