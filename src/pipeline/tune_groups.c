/*
 * Messages between heads: rows to rank 0, and words from it. A row shorter than the others says that a group has ended, and whether
 * all are to stop. A head that has ended waits for the last word, so that no message is left over.
 */
#include "pipeline/tune_groups.h"

#include "base/util.h"

enum { TAG_ROW, TAG_WORD };
enum { WORD_STOP, WORD_LAST };

void wl_tune_groups_split(MPI_Comm world, int count, wl_tune_groups *g) {
  int rank, size, place;
  MPI_Comm_rank(world, &rank);
  MPI_Comm_size(world, &size);
  *g = (wl_tune_groups){.count = count, .mine = (int)((int64_t)rank * count / size)};
  MPI_Comm_split(world, g->mine, rank, &g->group);
  MPI_Comm_rank(g->group, &place);
  g->head = place == 0;
  MPI_Comm_split(world, g->head ? 0 : MPI_UNDEFINED, rank, &g->heads);
}

void wl_tune_groups_clear(wl_tune_groups *g) {
  if (g->count == 0) return;
  MPI_Comm_free(&g->group);
  if (g->head) MPI_Comm_free(&g->heads);
  *g = (wl_tune_groups){0};
}

void wl_tune_groups_share(const wl_tune_groups *g, int64_t count, double *values) {
  enum { PIECE = 1 << 24 };
  for (int64_t done = 0; done < count; done += PIECE)
    MPI_Bcast(values + done, (int)smaller(PIECE, count - done), MPI_DOUBLE, 0, g->heads);
}

void wl_tune_groups_tell(const wl_tune_groups *g, const double *row, int width) {
  MPI_Send(row, width, MPI_DOUBLE, 0, TAG_ROW, g->heads);
}

bool wl_tune_groups_hear(wl_tune_groups *g) {
  int there = 0, word;
  if (!g->stopped) MPI_Iprobe(0, TAG_WORD, g->heads, &there, MPI_STATUS_IGNORE);
  if (there) {
    MPI_Recv(&word, 1, MPI_INT, 0, TAG_WORD, g->heads, MPI_STATUS_IGNORE);
    g->stopped = true;
  }
  return g->stopped;
}

static void say(const wl_tune_groups *g, int word) {
  for (int k = 1; k < g->count; k++) MPI_Send(&word, 1, MPI_INT, k, TAG_WORD, g->heads);
}

static void have_all_stop(wl_tune_groups *g) {
  if (!g->stopped) say(g, WORD_STOP);
  g->stopped = true;
}

/* Takes the next row, that of an evaluation or of an end. */
static wl_error take(wl_tune_groups *g, int width, wl_tune_note note, void *context, double *row) {
  MPI_Status status;
  int count;
  MPI_Recv(row, width, MPI_DOUBLE, MPI_ANY_SOURCE, TAG_ROW, g->heads, &status);
  MPI_Get_count(&status, MPI_DOUBLE, &count);
  if (count == width) return note(context, row);
  g->ended++;
  if (row[0] != 0.0) have_all_stop(g);
  return WL_OK;
}

wl_error wl_tune_groups_collect(wl_tune_groups *g, int width, wl_tune_note note, void *context, bool *stop) {
  double row[WL_TUNE_WIDEST];
  wl_error error = WL_OK;
  for (int there = 1; there && error == WL_OK;) {
    MPI_Iprobe(MPI_ANY_SOURCE, TAG_ROW, g->heads, &there, MPI_STATUS_IGNORE);
    if (there) error = take(g, width, note, context, row);
  }
  *stop = g->stopped;
  return error;
}

static wl_error collect_all(wl_tune_groups *g, bool stop, int width, wl_tune_note note, void *context) {
  double row[WL_TUNE_WIDEST];
  wl_error first = WL_OK;
  if (stop) have_all_stop(g);
  while (g->ended < g->count - 1) {
    const wl_error error = take(g, width, note, context, row);
    if (error != WL_OK && first == WL_OK) first = error;
    if (error != WL_OK) have_all_stop(g);
  }
  say(g, WORD_LAST);
  return first;
}

wl_error wl_tune_groups_end(wl_tune_groups *g, bool stop, int width, wl_tune_note note, void *context) {
  if (g->mine == 0) return collect_all(g, stop, width, note, context);
  const double end = stop;
  int word;
  MPI_Send(&end, 1, MPI_DOUBLE, 0, TAG_ROW, g->heads);
  do MPI_Recv(&word, 1, MPI_INT, 0, TAG_WORD, g->heads, MPI_STATUS_IGNORE);
  while (word != WORD_LAST);
  return WL_OK;
}
