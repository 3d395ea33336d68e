#include "widelimit/error.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char last_message[WL_MESSAGE_SIZE];

static const struct {
  int status;
  const char *text;
} errors[WL_ERROR_COUNT] = {
#define WL_ERROR_ENTRY(name, status, text) [WL_ERROR_##name] = {status, text},
    WL_ERROR_LIST(WL_ERROR_ENTRY)
#undef WL_ERROR_ENTRY
};

const char *wl_error_text(wl_error error) { return error < WL_ERROR_COUNT ? errors[error].text : "unknown error"; }

int wl_error_status(wl_error error) { return error < WL_ERROR_COUNT ? errors[error].status : 5; }

const char *wl_error_message(void) { return last_message; }

wl_error wl_error_set(wl_error error, const char *format, ...) {
  char text[WL_MESSAGE_SIZE]; /* the arguments may include wl_error_message() itself */
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  for (char *c = text; *c; c++)
    if (iscntrl((unsigned char)*c))
      *c = '?'; /* of names of files: a message is one line, and no command to a terminal */
  memcpy(last_message, text, sizeof text);
  return error;
}

wl_error wl_error_agree(MPI_Comm comm, wl_error error) {
  int rank, size;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  int first = error == WL_OK ? size : rank;
  MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, comm);
  if (first == size) return WL_OK;

  struct {
    int error;
    char message[WL_MESSAGE_SIZE];
  } verdict = {0};
  if (rank == first) {
    verdict.error = (int)error;
    const int room = WL_MESSAGE_SIZE - 32;
    if (rank == 0)
      snprintf(verdict.message, sizeof verdict.message, "%s", last_message);
    else
      snprintf(verdict.message, sizeof verdict.message, "%.*s (rank %d)", room, last_message, rank);
  }
  MPI_Bcast(&verdict, (int)sizeof verdict, MPI_BYTE, first, comm);
  memcpy(last_message, verdict.message, sizeof verdict.message);
  return (wl_error)verdict.error;
}
