#include "pipeline/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

static wl_digest finish(struct sha256_ctx *state) {
  uint8_t bytes[SHA256_DIGEST_SIZE];
  wl_digest digest = {""};
  sha256_digest(state, sizeof bytes, bytes);
  base16_encode_update(digest.text, sizeof bytes, bytes);
  return digest;
}

wl_digest wl_digest_bytes(const void *bytes, size_t size) {
  struct sha256_ctx state;
  sha256_init(&state);
  sha256_update(&state, size, bytes);
  return finish(&state);
}

/* Returns 0, or what errno was. */
static int take_all(int file, uint8_t *piece, struct sha256_ctx *state) {
  for (;;) {
    const ssize_t got = read(file, piece, PIECE);
    if (got > 0) sha256_update(state, (size_t)got, piece);
    if (got == 0) return 0;
    if (got < 0 && errno != EINTR) return errno;
  }
}

wl_error wl_digest_file(const char *path, wl_digest *digest) {
  uint8_t *piece = malloc(PIECE);
  if (!piece) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to read it", path);
  struct sha256_ctx state;
  sha256_init(&state);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  const int reason = file < 0 ? errno : take_all(file, piece, &state);
  if (file >= 0) close(file);
  free(piece);
  if (reason != 0) WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", path, strerror(reason));
  *digest = finish(&state);
  return WL_OK;
}
