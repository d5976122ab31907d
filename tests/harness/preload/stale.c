/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a network file system whose server has come back: what was opened before is stale for
 * ever. The size of the file $WAYBILL_TEST_STALE says how often that has happened; it happens to
 * files whose names end in .log. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DESCRIPTORS = 4096 };
static long opened[DESCRIPTORS]; /* at which turn, plus one; 0: not one of those files */

static long turn(void) {
  struct stat status;
  const char *path = getenv("WAYBILL_TEST_STALE");
  if (path == NULL || stat(path, &status) != 0) abort();
  return (long)status.st_size + 1;
}

static int stale(int fd) {
  if (fd < 0 || fd >= DESCRIPTORS || opened[fd] == 0 || opened[fd] == turn()) return 0;
  errno = ESTALE;
  return 1;
}

int openat(int folder, const char *path, int flags, ...) {
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
  size_t length = strlen(path);
  int ours = length > 4 && strcmp(path + length - 4, ".log") == 0;
  if (fd >= 0 && fd < DESCRIPTORS) opened[fd] = ours ? turn() : 0;
  return fd;
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at) {
  return stale(fd) ? -1 : syscall(SYS_pread64, fd, bytes, size, at);
}

off_t lseek(int fd, off_t at, int whence) {
  return stale(fd) ? -1 : syscall(SYS_lseek, fd, at, whence);
}

int fstat(int fd, struct stat *status) {
  return stale(fd) ? -1 : (int)syscall(SYS_fstat, fd, status);
}
