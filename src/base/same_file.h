/**
 * @file same_file.h
 * Whether two paths lead to one file. Local.
 */
#ifndef WIDELIMIT_BASE_SAME_FILE_H
#define WIDELIMIT_BASE_SAME_FILE_H

#include <stdbool.h>

/** Whether both are there and have the same device and inode: by whatever name, hard link or symbolic link. */
bool wl_same_file(const char *a, const char *b);

/**
 * Whether both will be one file once the folders on the way are made, be they there or not: in the same folder, under the same
 * name. In out/../x.csv, say, out need not be there yet.
 */
bool wl_same_place(const char *a, const char *b);

#endif
