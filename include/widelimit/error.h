/**
 * @file error.h
 * Error codes that all ranks agree on.
 *
 * Every function that can fail returns a wl_error. The text that belongs to it is kept per rank until the
 * next failure (wl_error_message). A step that can fail on one rank alone ends in wl_error_agree() before the
 * next collective call, so that every rank returns the same code and no rank waits for one that gave up.
 */
#ifndef WIDELIMIT_ERROR_H
#define WIDELIMIT_ERROR_H

#include <mpi.h>

#include "widelimit/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The one list of errors: name, exit status of the program, text. */
#define WL_ERROR_LIST(X)                                     \
  X(OK, 0, "no error")                                       \
  X(USAGE, 2, "wrong usage")                                 \
  X(CONFIG, 2, "wrong configuration")                        \
  X(DATA, 2, "wrong data")                                   \
  X(CAPACITY, 2, "too large for this machine or rank count") \
  X(NUMERICAL, 3, "numerical failure")                       \
  X(CERTIFICATE, 4, "certificate failed")                    \
  X(IO, 5, "input/output failure")                           \
  X(MEMORY, 5, "out of memory")                              \
  X(INTERNAL, 5, "internal error, please report it")         \
  X(STOPPED, 75, "stopped early")

typedef enum wl_error {
#define WL_ERROR_ENUM(name, status, text) WL_ERROR_##name,
  WL_ERROR_LIST(WL_ERROR_ENUM)
#undef WL_ERROR_ENUM
      WL_ERROR_COUNT,
  WL_OK = WL_ERROR_OK
} wl_error;

/** Room for one message, the terminating zero included. Longer ones are cut. */
enum { WL_MESSAGE_SIZE = 1024 };

/** Local. What the code means in general, e.g. "wrong data". */
WL_API const char *wl_error_text(wl_error error);

/** Local. The exit status that the program ends with on this error (0, 2, 3, 4, 5 or 75). */
WL_API int wl_error_status(wl_error error);

/** Local. The message of the last failure on this rank; "" before the first. Owned by the library. */
WL_API const char *wl_error_message(void);

/** Local. Stores the message for `error` and returns `error`. printf format. */
WL_API wl_error wl_error_set(wl_error error, const char *format, ...) WL_PRINTF(2, 3);

/**
 * Collective over `comm`. Returns on every rank the error of the lowest rank that has one, with its message
 * (in which that rank is named when it is not rank 0); WL_OK if none has.
 */
WL_API wl_error wl_error_agree(MPI_Comm comm, wl_error error);

#ifdef __cplusplus
}
#endif

/** Passes an error on to the caller. */
#define WL_TRY(call)                                \
  do {                                              \
    const wl_error wl_try_error = (call);           \
    if (wl_try_error != WL_OK) return wl_try_error; \
  } while (0)

/** Passes an error on by way of `label`, with `error` a local variable named by the caller. */
#define WL_GOTO(error, label, call)   \
  do {                                \
    (error) = (call);                 \
    if ((error) != WL_OK) goto label; \
  } while (0)

/** Starts an error: WL_FAIL(WL_ERROR_DATA, "%s: row %d is empty", path, row). */
#define WL_FAIL(error, ...) return wl_error_set((error), __VA_ARGS__)

#endif
