/*
 * The header of a checkpoint as JSON text. Checksums are hexadecimal text: JSON's integers have a sign.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/checkpoint_file.h"

void wl_checkpoint_clear(wl_checkpoint *c) {
  free(c->fingerprint);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) free(c->evidence[p].log_marginal_likelihood);
  free(c->matrix_file);
  free(c->draws.lower_file);
  free(c->numbers);
  free(c->checksums);
  *c = (wl_checkpoint){0};
}

/* ---- to text -------------------------------------------------------------------------------------------------- */

static json_t *number(double value) { return json_real(isfinite(value) ? value : 0.0); }

static json_t *integer(int64_t value) { return json_integer((json_int_t)value); }

static json_t *evidence_object(const wl_evidence *e, int64_t outputs) {
  json_t *likelihood = json_array();
  for (int64_t j = 0; j < outputs; j++) json_array_append_new(likelihood, number(e->log_marginal_likelihood[j]));
  return json_pack("{s:o, s:o, s:o, s:o, s:o}", "log_determinant", number(e->factor.log_determinant), "norm_1",
                   number(e->factor.norm), "residual", number(e->factor.residual), "reciprocal_condition",
                   number(e->factor.reciprocal_condition), "log_marginal_likelihood", likelihood);
}

static json_t *checksum_array(const wl_checkpoint *c) {
  json_t *sums = json_array();
  for (int64_t s = 0; s < c->strips; s++)
    json_array_append_new(sums, json_sprintf("%016" PRIx64, c->checksums[s]));
  return sums;
}

static json_t *draws_object(const wl_draw_state *d) {
  json_t *drawn = json_array(), *stages = json_array();
  for (int k = 0; k < WL_DRAW_COUNT; k++) json_array_append_new(drawn, integer(d->drawn[k]));
  for (int k = 0; k < WL_STAGES; k++)
    json_array_append_new(
        stages, json_pack("{s:i, s:o}", "attempt", d->joint.attempt[k], "shift", number(d->joint.shift[k])));
  return json_pack("{s:b, s:i, s:o, s:o, s:o, s:o, s:s?}", "done", (int)d->done, "stage", (int)d->joint.stage,
                   "columns", integer(d->joint.columns), "stages", stages, "drawn", drawn, "halves",
                   integer(d->first_halves), "lower_file", d->lower_file);
}

static json_t *iteration_object(const wl_checkpoint *c) {
  json_t *numbers = json_array();
  for (int64_t k = 0; k < c->count; k++) json_array_append_new(numbers, number(c->numbers[k]));
  return json_pack("{s:o, s:o}", "passes", integer(c->passes), "numbers", numbers);
}

wl_error wl_checkpoint_format(const wl_checkpoint *c, char **text) {
  json_t *root =
      json_pack("{s:s, s:s?, s:o, s:o, s:s, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o}", "program",
                "widelimit", "fingerprint", c->fingerprint, "rows", integer(c->rows), "outputs",
                integer(c->outputs), "prior", wl_prior_name(c->prior), "columns", integer(c->columns), "factored",
                (int)c->factored, "predicted", integer(c->predicted), "norm_1", number(c->norm), "clamped",
                integer(c->clamped), "most_negative", number(c->most_negative), "attempts", integer(c->attempts),
                "seconds", number(c->seconds), "bytes_per_second", number(c->bytes_per_second), "matrix_file",
                c->matrix_file, "checksums", checksum_array(c));
  json_t *evidence = json_object();
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (c->evidence[p].log_marginal_likelihood)
      json_object_set_new(evidence, wl_prior_name((wl_prior)p), evidence_object(&c->evidence[p], c->outputs));
  json_object_set_new(root, "evidence", evidence);
  if (c->loo_due) json_object_set_new(root, "loo_due", json_true());
  if (c->draws.begun) json_object_set_new(root, "draws", draws_object(&c->draws));
  if (c->numbers) json_object_set_new(root, "iteration", iteration_object(c));
  *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
  json_decref(root);
  if (!*text) WL_FAIL(WL_ERROR_MEMORY, "checkpoint: no memory for its header");
  return WL_OK;
}

/* ---- from text ------------------------------------------------------------------------------------------------ */

static bool take_integer(const json_t *object, const char *key, int64_t *value) {
  const json_t *found = json_object_get(object, key);
  *value = json_integer_value(found);
  return json_is_integer(found) && *value >= 0;
}

static bool take_number(const json_t *object, const char *key, double *value) {
  const json_t *found = json_object_get(object, key);
  *value = json_number_value(found);
  return json_is_number(found);
}

/* NULL where the key is null. */
static bool take_text(const json_t *object, const char *key, char **value) {
  const json_t *found = json_object_get(object, key);
  if (json_is_null(found)) return true;
  if (!json_is_string(found)) return false;
  *value = strdup(json_string_value(found));
  return *value != NULL;
}

static bool take_evidence(const json_t *object, int64_t outputs, wl_evidence *e) {
  if (!object) return true;
  const json_t *likelihood = json_object_get(object, "log_marginal_likelihood");
  if ((int64_t)json_array_size(likelihood) != outputs) return false;
  e->log_marginal_likelihood = malloc(sizeof(double) * (size_t)(outputs + 1));
  if (!e->log_marginal_likelihood) return false;
  for (int64_t j = 0; j < outputs; j++)
    e->log_marginal_likelihood[j] = json_number_value(json_array_get(likelihood, (size_t)j));
  return take_number(object, "log_determinant", &e->factor.log_determinant) &&
         take_number(object, "norm_1", &e->factor.norm) && take_number(object, "residual", &e->factor.residual) &&
         take_number(object, "reciprocal_condition", &e->factor.reciprocal_condition);
}

static bool take_checksums(const json_t *root, wl_checkpoint *c) {
  const json_t *sums = json_object_get(root, "checksums");
  if (!json_is_array(sums)) return false;
  c->strips = (int64_t)json_array_size(sums);
  c->checksums = calloc((size_t)c->strips + 1, sizeof *c->checksums);
  for (int64_t s = 0; c->checksums && s < c->strips; s++) {
    const char *text = json_string_value(json_array_get(sums, (size_t)s));
    if (!text || sscanf(text, "%16" SCNx64, &c->checksums[s]) != 1) return false;
  }
  return c->checksums != NULL;
}

static bool take_prior(const json_t *root, wl_prior *prior) {
  const char *name = json_string_value(json_object_get(root, "prior"));
  for (int p = 0; name && p < WL_PRIOR_COUNT; p++)
    if (strcmp(name, wl_prior_name((wl_prior)p)) == 0) {
      *prior = (wl_prior)p;
      return true;
    }
  return false;
}

static bool take_joint(const json_t *object, wl_joint_state *j) {
  int64_t stage, attempt;
  const json_t *stages = json_object_get(object, "stages");
  if (!take_integer(object, "stage", &stage) || !take_integer(object, "columns", &j->columns)) return false;
  if (stage >= WL_STAGES || json_array_size(stages) != WL_STAGES) return false;
  j->stage = (wl_stage)stage;
  for (int k = 0; k < WL_STAGES; k++) {
    const json_t *entry = json_array_get(stages, (size_t)k);
    if (!take_integer(entry, "attempt", &attempt) || attempt > 3 || !take_number(entry, "shift", &j->shift[k]))
      return false;
    j->attempt[k] = (int)attempt;
  }
  return true;
}

/* Absent where no draw has begun. */
static bool take_draws(const json_t *object, int64_t rows, wl_draw_state *d) {
  if (!object) return true;
  const json_t *drawn = json_object_get(object, "drawn");
  if (json_array_size(drawn) != WL_DRAW_COUNT || !take_joint(object, &d->joint)) return false;
  for (int k = 0; k < WL_DRAW_COUNT; k++) {
    d->drawn[k] = json_integer_value(json_array_get(drawn, (size_t)k));
    if (d->drawn[k] < 0) return false;
  }
  d->begun = true;
  d->done = json_is_true(json_object_get(object, "done"));
  if (!d->done && d->joint.columns > rows) return false;
  return take_integer(object, "halves", &d->first_halves) && take_text(object, "lower_file", &d->lower_file) &&
         (!d->lower_file || !strchr(d->lower_file, '/'));
}

/* Absent where there is a matrix. */
static bool take_iteration(const json_t *object, wl_checkpoint *c) {
  if (!object) return true;
  const json_t *numbers = json_object_get(object, "numbers");
  if (!take_integer(object, "passes", &c->passes) || !json_is_array(numbers)) return false;
  c->count = (int64_t)json_array_size(numbers);
  c->numbers = malloc(sizeof(double) * (size_t)(c->count + 1));
  for (int64_t k = 0; c->numbers && k < c->count; k++) {
    const json_t *entry = json_array_get(numbers, (size_t)k);
    if (!json_is_number(entry)) return false;
    c->numbers[k] = json_number_value(entry);
  }
  return c->numbers != NULL;
}

/* The members that are one value each. */
static bool take_plain(const json_t *root, wl_checkpoint *c) {
  const struct {
    const char *key;
    int64_t *value;
  } integers[] = {{"rows", &c->rows},           {"outputs", &c->outputs}, {"columns", &c->columns},
                  {"predicted", &c->predicted}, {"clamped", &c->clamped}, {"attempts", &c->attempts}};
  const struct {
    const char *key;
    double *value;
  } numbers[] = {{"norm_1", &c->norm},
                 {"most_negative", &c->most_negative},
                 {"seconds", &c->seconds},
                 {"bytes_per_second", &c->bytes_per_second}};
  for (size_t k = 0; k < sizeof integers / sizeof *integers; k++)
    if (!take_integer(root, integers[k].key, integers[k].value)) return false;
  for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
    if (!take_number(root, numbers[k].key, numbers[k].value)) return false;
  c->factored = json_is_true(json_object_get(root, "factored"));
  c->loo_due = json_is_true(json_object_get(root, "loo_due"));
  return take_text(root, "fingerprint", &c->fingerprint) && take_text(root, "matrix_file", &c->matrix_file) &&
         take_prior(root, &c->prior);
}

static bool has_sound_matrix(const wl_checkpoint *c) {
  if (c->rows < 1 || c->columns > c->rows) return false;
  if (c->matrix_file && strchr(c->matrix_file, '/')) return false;
  return c->strips == 0 || c->strips == wl_strip_count(c->rows);
}

static bool take_all(const json_t *root, wl_checkpoint *c) {
  const json_t *evidence = json_object_get(root, "evidence");
  if (!take_plain(root, c) || !take_checksums(root, c) || !has_sound_matrix(c)) return false;
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (!take_evidence(json_object_get(evidence, wl_prior_name((wl_prior)p)), c->outputs, &c->evidence[p]))
      return false;
  if (!take_draws(json_object_get(root, "draws"), c->rows, &c->draws)) return false;
  if (!take_iteration(json_object_get(root, "iteration"), c)) return false;
  return !c->factored || c->evidence[c->prior].log_marginal_likelihood;
}

wl_error wl_checkpoint_parse(const char *text, size_t length, wl_checkpoint *c) {
  *c = (wl_checkpoint){0};
  json_error_t where;
  json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
  const bool good = root && take_all(root, c);
  json_decref(root);
  if (good) return WL_OK;
  wl_checkpoint_clear(c);
  WL_FAIL(WL_ERROR_DATA, "checkpoint: its header cannot be understood");
}

wl_error wl_checkpoint_share(MPI_Comm comm, wl_checkpoint *header) {
  int rank;
  char *text = NULL;
  int64_t length = 0;
  wl_error error = WL_OK;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) error = wl_checkpoint_format(header, &text);
  if (text) length = (int64_t)strlen(text);
  MPI_Bcast(&length, 1, MPI_INT64_T, 0, comm);
  if (rank != 0 && !(text = malloc((size_t)length + 1)))
    error = wl_error_set(WL_ERROR_MEMORY, "checkpoint: no memory for its header");
  WL_GOTO(error, done, wl_error_agree(comm, error));
  MPI_Bcast(text, (int)length, MPI_CHAR, 0, comm);
  if (rank != 0) error = wl_checkpoint_parse(text, (size_t)length, header);
  error = wl_error_agree(comm, error);
done:
  free(text);
  return error;
}
