/**
 * @file elements.h
 * Private to the sources: numbers as binary files store them, of any size and byte order, become doubles. Local, pure.
 */
#ifndef WIDELIMIT_DATA_ELEMENTS_H
#define WIDELIMIT_DATA_ELEMENTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct wl_element_type {
  char kind; /**< f floating point (IEEE 754), i signed, u unsigned, b boolean */
  int size;  /**< bytes: 1, 2, 4 or 8; f has no 1, b nothing else */
  bool big;  /**< big endian */
} wl_element_type;

/** Whether there is such a type. */
bool wl_element_type_exists(const wl_element_type *type);

/** `count` numbers, one every `stride` doubles of `out`. */
void wl_elements_decode(const wl_element_type *type, const unsigned char *bytes, int64_t count, double *out,
                        int64_t stride);

#endif
