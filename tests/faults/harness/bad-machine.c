/*
 * Preloaded into every process of an application under test: its disk can be full, its fsync can fail and its clock
 * can jump, at once in all of them and for as long as the test wants. What holds now lies in a small shared file.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The layout of bad-machine.ts. */
struct machine {
  volatile int64_t clock_ms;
  volatile int32_t disk_full;
  volatile int32_t sync_fails;
  volatile int32_t refused_writes;
  volatile int32_t failed_syncs;
  volatile int32_t shifted_clocks;
};

static struct machine whole;
static struct machine *machine = &whole;
static char folder[PATH_MAX];
static char own_variables[2][PATH_MAX + 32];

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("BAD_MACHINE_FILE");
  const char *data = getenv("DATA_DIR");
  const char *library = getenv("LD_PRELOAD");
  if (!file || !library) return;
  int fd = open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *shared = mmap(NULL, sizeof(struct machine), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (shared == MAP_FAILED) return;
  if (data && !realpath(data, folder)) strncpy(folder, data, sizeof(folder) - 1);
  snprintf(own_variables[0], sizeof(own_variables[0]), "LD_PRELOAD=%s", library);
  snprintf(own_variables[1], sizeof(own_variables[1]), "BAD_MACHINE_FILE=%s", file);
  machine = shared;
}

#define REAL(name) ((__typeof__(&name))real(&real_##name, #name))
static void *real(void **known, const char *name) {
  if (!*known) *known = dlsym(RTLD_NEXT, name);
  return *known;
}

/* Whether this file lies in the application's own folder. */
static int is_ours(int fd) {
  char link[64] = "/proc/self/fd/", path[PATH_MAX], digits[16];
  int length = 0;
  do digits[length++] = '0' + fd % 10;
  while ((fd /= 10) > 0);
  size_t at = strlen(link);
  while (length > 0) link[at++] = digits[--length];
  link[at] = 0;
  ssize_t size = readlink(link, path, sizeof(path) - 1);
  if (size < 0) return 0;
  path[size] = 0;
  size_t own = strlen(folder);
  return own > 0 && strncmp(path, folder, own) == 0 && path[own] == '/';
}

/* On a full disk what has its place can be written again, and nothing grows. `offset` -1: at the file's own position. */
static int has_no_room(int fd, off_t offset, size_t count) {
  struct stat file;
  if (!machine->disk_full || fd < 0 || count == 0) return 0;
  if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || !is_ours(fd)) return 0;
  if (offset < 0) offset = fcntl(fd, F_GETFL) & O_APPEND ? file.st_size : lseek(fd, 0, SEEK_CUR);
  if (offset + (off_t)count <= file.st_size) return 0;
  __atomic_add_fetch(&machine->refused_writes, 1, __ATOMIC_RELAXED);
  errno = ENOSPC;
  return 1;
}

static size_t total(const struct iovec *parts, int count) {
  size_t sum = 0;
  for (int at = 0; at < count; at++) sum += parts[at].iov_len;
  return sum;
}

static void *real_write, *real_pwrite, *real_pwrite64, *real_writev, *real_pwritev, *real_pwritev64;
static void *real_fallocate, *real_fallocate64, *real_posix_fallocate, *real_posix_fallocate64;
static void *real_fsync, *real_fdatasync, *real_clock_gettime, *real_gettimeofday, *real_execvpe;

ssize_t write(int fd, const void *bytes, size_t count) {
  return has_no_room(fd, -1, count) ? -1 : REAL(write)(fd, bytes, count);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  return has_no_room(fd, offset, count) ? -1 : REAL(pwrite)(fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  return has_no_room(fd, offset, count) ? -1 : REAL(pwrite64)(fd, bytes, count, offset);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  return has_no_room(fd, -1, total(parts, count)) ? -1 : REAL(writev)(fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return has_no_room(fd, offset, total(parts, count)) ? -1 : REAL(pwritev)(fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  return has_no_room(fd, offset, total(parts, count)) ? -1 : REAL(pwritev64)(fd, parts, count, offset);
}
int fallocate(int fd, int mode, off_t offset, off_t length) {
  return has_no_room(fd, offset, length) ? -1 : REAL(fallocate)(fd, mode, offset, length);
}
int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
  return has_no_room(fd, offset, length) ? -1 : REAL(fallocate64)(fd, mode, offset, length);
}
int posix_fallocate(int fd, off_t offset, off_t length) {
  return has_no_room(fd, offset, length) ? ENOSPC : REAL(posix_fallocate)(fd, offset, length);
}
int posix_fallocate64(int fd, off64_t offset, off64_t length) {
  return has_no_room(fd, offset, length) ? ENOSPC : REAL(posix_fallocate64)(fd, offset, length);
}

static int sync_fails(int fd) {
  if (!machine->sync_fails || !is_ours(fd)) return 0;
  __atomic_add_fetch(&machine->failed_syncs, 1, __ATOMIC_RELAXED);
  errno = EIO;
  return 1;
}
int fsync(int fd) { return sync_fails(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return sync_fails(fd) ? -1 : REAL(fdatasync)(fd); }

/* The wall clock only: what counts the time that goes by does not jump with it. */
int clock_gettime(clockid_t clock, struct timespec *now) {
  int failed = REAL(clock_gettime)(clock, now);
  int64_t shift = machine->clock_ms;
  if (failed || shift == 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return failed;
  __atomic_add_fetch(&machine->shifted_clocks, 1, __ATOMIC_RELAXED);
  now->tv_sec += shift / 1000;
  return 0;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int failed = REAL(gettimeofday)(now, zone);
  int64_t shift = machine->clock_ms;
  if (failed || shift == 0) return failed;
  __atomic_add_fetch(&machine->shifted_clocks, 1, __ATOMIC_RELAXED);
  now->tv_sec += shift / 1000;
  return 0;
}
time_t time(time_t *into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into) *into = now.tv_sec;
  return now.tv_sec;
}

/* A process that is given an environment of its own runs on this machine all the same. */
int execvp(const char *file, char *const arguments[]) {
  char *variables[1024];
  int count = 0;
  for (char **variable = environ; *variable && count < 1000; variable++) {
    if (strncmp(*variable, "LD_PRELOAD=", 11) == 0 || strncmp(*variable, "BAD_MACHINE_FILE=", 17) == 0) continue;
    variables[count++] = *variable;
  }
  for (int at = 0; at < 2; at++)
    if (own_variables[at][0]) variables[count++] = own_variables[at];
  variables[count] = NULL;
  return REAL(execvpe)(file, arguments, variables);
}
