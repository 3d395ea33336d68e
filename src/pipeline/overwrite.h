/**
 * @file overwrite.h
 * What a command writes, held against what it reads and against what others have left, before anything is done. Files are the
 * same where device and inode are: by whatever name, link or symbolic link. Local, on rank 0.
 */
#ifndef WIDELIMIT_PIPELINE_OVERWRITE_H
#define WIDELIMIT_PIPELINE_OVERWRITE_H

#include "config/config.h"
#include "pipeline/request.h"

/** The files that a command leaves in output.directory, by name. */
typedef struct wl_outputs {
  const char *results, *config;
  const char *summary; /**< NULL: none */
} wl_outputs;

/**
 * Refused are
 * - outputs (those files, their temporary names, factor.save, checkpoints) that are files which are read: the configuration, data,
 *   lists of rows, --factor. One is not: the effective configuration that a run would write there to the letter.
 * - factor.save in the place of another output;
 * - folders, pipes and devices in the place of an output;
 * - results that are there already, unless the configuration beside them has the name of this one, or --overwrite is given.
 * @param replace_factor  whether another factor that is there may go without --overwrite: results of this name are in the folder,
 *                        whose configuration kept it there
 * Errors: WL_ERROR_CONFIG, naming both files; WL_ERROR_IO where factor.save is the folder of other outputs, and where
 * what is there is no plain file; WL_ERROR_MEMORY.
 */
wl_error wl_overwrite_check(const wl_request *request, const wl_config *config, const wl_outputs *outputs,
                            bool *replace_factor);

/**
 * The file of an option against what is read.
 * @param also  one more file that is read; NULL: none
 * Errors: WL_ERROR_USAGE, naming both files; WL_ERROR_MEMORY.
 */
wl_error wl_overwrite_check_option(const char *option, const char *path, const wl_config *config,
                                   const char *also);

#endif
