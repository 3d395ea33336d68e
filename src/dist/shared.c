#include "dist/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"

struct wl_shared {
  char *base;
  int64_t part, bytes; /* of one rank, of all */
};

enum { NAME_SIZE = 64, PIECE = 1 << 20, MOST_INTERRUPTED = 1000, OTHERS = 8 << 20 /* bytes left for each rank */ };

static bool all_have(MPI_Comm node, bool value) {
  int all = value;
  MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_LAND, node);
  return all;
}

/* A new object of that size, open. Its name, empty where there is none. */
static int make_object(int64_t bytes, char *name) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(name, NAME_SIZE, "/widelimit-%ld-%ld-%ld", (long)getpid(), (long)now.tv_sec, now.tv_nsec);
  const int file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
  if (file >= 0 && ftruncate(file, bytes) == 0) return file;
  if (file >= 0) {
    close(file);
    shm_unlink(name);
  }
  name[0] = '\0';
  return -1;
}

/* The same object on all ranks; by the time that all have it, it has no name and goes with the last of them. -1: none. */
static int open_object(MPI_Comm node, int rank, int64_t bytes) {
  char name[NAME_SIZE] = "";
  int file = rank == 0 ? make_object(bytes, name) : -1;
  MPI_Bcast(name, NAME_SIZE, MPI_CHAR, 0, node);
  if (rank != 0 && name[0]) file = shm_open(name, O_RDWR, 0);
  const bool all = all_have(node, file >= 0);
  if (rank == 0 && name[0]) shm_unlink(name);
  if (!all && file >= 0) close(file);
  return all ? file : -1;
}

/*
 * Memory for this rank's part, now: without it a write would end the program. In pieces: a signal undoes one that is not complete,
 * and a profiler sends many.
 */
static bool reserve(int file, int64_t first, int64_t bytes) {
  int interrupted = 0;
  for (int64_t done = 0; done < bytes;) {
    const int64_t piece = smaller(PIECE, bytes - done);
    const int error = posix_fallocate(file, first + done, piece);
    if (error == 0)
      done += piece;
    else if (error != EINTR || ++interrupted > MOST_INTERRUPTED)
      return false;
  }
  return true;
}

/* Whether there is so much, and some for others: Open MPI takes it, too, and finds out too late that there is none. */
static bool has_room(int file, int64_t bytes, int ranks) {
  struct statvfs system;
  return fstatvfs(file, &system) == 0 &&
         (int64_t)system.f_bavail >= (bytes + ranks * (int64_t)OTHERS) / (int64_t)system.f_frsize;
}

wl_shared *wl_shared_create(MPI_Comm node, int64_t count) {
  int rank, size;
  MPI_Comm_rank(node, &rank);
  MPI_Comm_size(node, &size);
  const int64_t page = sysconf(_SC_PAGESIZE), part = (8 * count + page) / page * page;
  const int file = open_object(node, rank, part * size);
  if (file < 0) return NULL;
  const bool has = has_room(file, part * size, size);
  wl_shared *shared = malloc(sizeof *shared);
  if (shared) *shared = (wl_shared){.base = MAP_FAILED, .part = part, .bytes = part * size};
  if (all_have(node, shared && has) && reserve(file, rank * part, part))
    shared->base = mmap(NULL, (size_t)shared->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (!all_have(node, shared && shared->base != MAP_FAILED)) wl_shared_destroy(&shared);
  return shared;
}

void wl_shared_destroy(wl_shared **shared) {
  if (!*shared) return;
  if ((*shared)->base != MAP_FAILED) munmap((*shared)->base, (size_t)(*shared)->bytes);
  free(*shared);
  *shared = NULL;
}

double *wl_shared_part(const wl_shared *shared, int rank) {
  return (double *)(shared->base + rank * shared->part);
}
