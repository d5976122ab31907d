/* SPDX-License-Identifier: Apache-2.0 */
/* A process at its limit of threads: none can be made while the file $WAYBILL_TEST_NO_THREADS is
 * there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *),
                   void *argument) {
  int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  const char *path = getenv("WAYBILL_TEST_NO_THREADS");
  if (path != NULL && access(path, F_OK) == 0) return EAGAIN;
  void *symbol = dlsym(RTLD_NEXT, "pthread_create");
  memcpy(&real, &symbol, sizeof real);
  return real(thread, attributes, work, argument);
}
