/* SPDX-License-Identifier: Apache-2.0 */
/* What a disk holds when the power is cut, by the letter of POSIX: of a file, what fsync() or
 * fdatasync() has written; of a folder, the names that were in it at its last fsync().
 *
 * In the folder $WAYBILL_TEST_DURABLE, after each sync: <inode>.file, its bytes; <inode>.folder,
 * a line "<inode> <name>" for each entry. Inode numbers are not used again in a process's life. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void copy_file(int fd, FILE *out) {
  char bytes[65536], self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd); /* it may be open for writing only */
  int in = open(self, O_RDONLY | O_CLOEXEC);
  ssize_t size;
  while ((size = read(in, bytes, sizeof bytes)) > 0) fwrite(bytes, 1, (size_t)size, out);
  if (size < 0) abort();
  close(in);
}

static void copy_names(int fd, FILE *out) {
  DIR *folder = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder == NULL) abort();
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    fprintf(out, "%llu %s\n", (unsigned long long)entry->d_ino, entry->d_name);
  }
  closedir(folder);
}

/* What a sync has begun to keep, it keeps whole: the copy gets its name when it is complete. */
static void keep(int fd) {
  struct stat status;
  char draft[4096], path[4096];
  const char *shadow = getenv("WAYBILL_TEST_DURABLE");
  if (shadow == NULL || fstat(fd, &status) != 0) abort();
  int folder = S_ISDIR(status.st_mode);
  snprintf(path, sizeof path, "%s/%llu.%s", shadow, (unsigned long long)status.st_ino,
           folder ? "folder" : "file");
  snprintf(draft, sizeof draft, "%s/draft.%ld", shadow, (long)syscall(SYS_gettid));
  FILE *out = fopen(draft, "w");
  if (out == NULL) abort();
  if (folder) {
    copy_names(fd, out);
  } else {
    copy_file(fd, out);
  }
  if (fclose(out) != 0 || rename(draft, path) != 0) abort();
  if (!folder) (void)fcntl(fd, F_DUPFD_CLOEXEC, 1000); /* holds the inode number */
}

int fsync(int fd) {
  int result = (int)syscall(SYS_fsync, fd);
  if (result == 0) keep(fd);
  return result;
}

int fdatasync(int fd) {
  int result = (int)syscall(SYS_fdatasync, fd);
  if (result == 0) keep(fd);
  return result;
}
