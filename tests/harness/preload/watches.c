/* SPDX-License-Identifier: Apache-2.0 */
/* fs.inotify.max_user_watches = 1, for one process: that number of a system is everybody's. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

static int watches;

int inotify_add_watch(int fd, const char *path, uint32_t mask) {
  if (watches >= 1) {
    errno = ENOSPC;
    return -1;
  }
  int watch = (int)syscall(SYS_inotify_add_watch, fd, path, mask);
  if (watch >= 0) ++watches;
  return watch;
}
