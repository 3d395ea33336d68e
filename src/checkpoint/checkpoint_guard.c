/*
 * The guard at the end of a checkpoint file, in 64-bit little-endian numbers:
 *
 *   offset and length of each gap, ascending   number of gaps   checksum   length of the file with the guard   magic
 *
 * The checksum covers every byte before it but those in the gaps. The magic ends in the version of the format.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint/checkpoint_file.h"

static const char magic[8] = "WLCKPT01";
enum { MAGIC_NAME = 6, TAIL = 4, PIECE = 1 << 16 };

/* Each step is one to one in the sum and in the word, so that a change of one word always shows. */
static uint64_t absorb(uint64_t sum, const unsigned char *bytes, size_t count) {
  for (size_t i = 0; i < count; i += 8) {
    uint64_t word = 0;
    memcpy(&word, bytes + i, count - i < 8 ? count - i : 8);
    sum = (sum ^ le64toh(word)) * 0x9e3779b97f4a7c15ULL;
    sum ^= sum >> 29;
  }
  return sum;
}

static wl_error failed(const char *path) { WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno)); }

/* Signals may interrupt any of this; a stop is asked for by one. */
static wl_error read_all(int file, const char *path, void *bytes, size_t count, uint64_t at) {
  for (size_t done = 0; done < count;) {
    const ssize_t got = pread(file, (char *)bytes + done, count - done, (off_t)(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path);
    if (got == 0) WL_FAIL(WL_ERROR_DATA, "%s: is truncated", path);
    done += (size_t)got;
  }
  return WL_OK;
}

static wl_error absorb_range(int file, const char *path, uint64_t begin, uint64_t end, uint64_t *sum) {
  unsigned char piece[PIECE];
  while (begin < end) {
    const size_t wanted = end - begin < PIECE ? (size_t)(end - begin) : PIECE;
    WL_TRY(read_all(file, path, piece, wanted, begin));
    *sum = absorb(*sum, piece, wanted);
    begin += wanted;
  }
  return WL_OK;
}

/* All bytes before `end` but those in the gaps. */
static wl_error checksum(int file, const char *path, int64_t count, const wl_gap *gaps, uint64_t end,
                         uint64_t *sum) {
  uint64_t at = 0;
  *sum = end;
  for (int64_t g = 0; g < count; g++) {
    if (gaps[g].offset < at || gaps[g].length > end || gaps[g].offset > end - gaps[g].length)
      WL_FAIL(WL_ERROR_DATA, "%s: is damaged", path);
    WL_TRY(absorb_range(file, path, at, gaps[g].offset, sum));
    at = gaps[g].offset + gaps[g].length;
  }
  return absorb_range(file, path, at, end, sum);
}

static wl_error write_all(int file, const char *path, const void *bytes, size_t count) {
  for (size_t done = 0; done < count;) {
    const ssize_t written = write(file, (const char *)bytes + done, count - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) WL_FAIL(WL_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
    done += (size_t)written;
  }
  return WL_OK;
}

static wl_error append(int file, const char *path, int64_t count, const wl_gap *gaps) {
  const off_t end = lseek(file, 0, SEEK_END);
  if (end < 0) return failed(path);
  for (int64_t g = 0; g < count; g++) {
    const uint64_t gap[2] = {htole64(gaps[g].offset), htole64(gaps[g].length)};
    WL_TRY(write_all(file, path, gap, sizeof gap));
  }
  const uint64_t number = htole64((uint64_t)count);
  WL_TRY(write_all(file, path, &number, sizeof number));
  const uint64_t covered = (uint64_t)end + 16 * (uint64_t)count + 8;
  uint64_t tail[3];
  WL_TRY(checksum(file, path, count, gaps, covered, &tail[0]));
  tail[0] = htole64(tail[0]);
  tail[1] = htole64(covered + 24);
  memcpy(&tail[2], magic, sizeof magic);
  WL_TRY(write_all(file, path, tail, sizeof tail));
  if (fsync(file) != 0) WL_FAIL(WL_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
  return WL_OK;
}

wl_error wl_guard_append(const char *path, int64_t count, const wl_gap *gaps) {
  const int file = open(path, O_RDWR);
  if (file < 0) WL_FAIL(WL_ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
  const wl_error error = append(file, path, count, gaps);
  if (close(file) != 0 && error == WL_OK) WL_FAIL(WL_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
  return error;
}

static wl_error check_tail(const char *path, const uint64_t *tail, uint64_t size) {
  char found[sizeof magic + 1] = {0};
  memcpy(found, &tail[3], sizeof magic);
  if (memcmp(found, magic, MAGIC_NAME) != 0)
    WL_FAIL(WL_ERROR_DATA, "%s: is truncated, or no checkpoint at all", path);
  if (memcmp(found, magic, sizeof magic) != 0)
    WL_FAIL(WL_ERROR_DATA, "%s: is of another version: its format is %.2s, this program reads %.2s", path,
            found + MAGIC_NAME, magic + MAGIC_NAME);
  if (le64toh(tail[2]) != size)
    WL_FAIL(WL_ERROR_DATA, "%s: is damaged: it has %llu bytes and should have %llu", path,
            (unsigned long long)size, (unsigned long long)le64toh(tail[2]));
  if (le64toh(tail[0]) > (size - 8 * TAIL) / 16) WL_FAIL(WL_ERROR_DATA, "%s: is damaged", path);
  return WL_OK;
}

static wl_error check_sum(int file, const char *path, uint64_t size, const uint64_t *tail) {
  const uint64_t count = le64toh(tail[0]), end = size - 24;
  wl_gap *gaps = malloc(sizeof *gaps * (size_t)(count + 1));
  if (!gaps) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to check it", path);
  const size_t bytes = sizeof *gaps * (size_t)count;
  uint64_t sum = 0;
  wl_error error = read_all(file, path, gaps, bytes, end - 8 - bytes);
  for (uint64_t g = 0; error == WL_OK && g < count; g++)
    gaps[g] = (wl_gap){le64toh(gaps[g].offset), le64toh(gaps[g].length)};
  if (error == WL_OK) error = checksum(file, path, (int64_t)count, gaps, end, &sum);
  if (error == WL_OK && sum != le64toh(tail[1]))
    error = wl_error_set(WL_ERROR_DATA, "%s: is damaged: its checksum is wrong", path);
  free(gaps);
  return error;
}

static wl_error check(int file, const char *path) {
  struct stat status;
  if (fstat(file, &status) != 0) return failed(path);
  if (!S_ISREG(status.st_mode)) WL_FAIL(WL_ERROR_DATA, "%s: is not a regular file", path);
  if (status.st_size == 0) WL_FAIL(WL_ERROR_DATA, "%s: is empty", path);
  uint64_t tail[TAIL];
  const uint64_t size = (uint64_t)status.st_size;
  if (size < sizeof tail) WL_FAIL(WL_ERROR_DATA, "%s: is truncated, or no checkpoint at all", path);
  WL_TRY(read_all(file, path, tail, sizeof tail, size - sizeof tail));
  WL_TRY(check_tail(path, tail, size));
  return check_sum(file, path, size, tail);
}

wl_error wl_guard_check(const char *path) {
  const int file = open(path, O_RDONLY | O_NONBLOCK); /* a pipe would wait for its writer */
  if (file < 0) WL_FAIL(WL_ERROR_DATA, "%s: cannot be opened: %s", path, strerror(errno));
  const wl_error error = check(file, path);
  close(file);
  return error;
}
