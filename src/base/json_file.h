/**
 * @file json_file.h
 * The files of --json: tried before the work, in place when they are whole. Local.
 */
#ifndef WIDELIMIT_BASE_JSON_FILE_H
#define WIDELIMIT_BASE_JSON_FILE_H

#include <jansson.h>

#include "widelimit/error.h"

/**
 * Makes the folder where it is missing, and tries it. A file that is there may be replaced if it is empty or such a report: an
 * object with `version` and the key `mark`, which no other file of ours has.
 * Errors: WL_ERROR_USAGE where it is another file; those of wl_writable_file.
 */
wl_error wl_json_file_try(const char *path, const char *mark);

/**
 * Writes it beside the path first: a failure leaves the old file. What a link names, such as /dev/stdout, is written to.
 * @param digits  of the numbers, at most 17
 * Errors: WL_ERROR_IO.
 */
wl_error wl_json_file_write(const json_t *root, const char *path, unsigned digits);

#endif
