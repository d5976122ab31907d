/* SPDX-License-Identifier: Apache-2.0 */
/* A journal of which some entries cannot be read: those that have a field $WAYBILL_TEST_DAMAGED.
 * How a file must be damaged for that depends on the libsystemd. It is loaded with dlopen(3), so
 * its functions are found here by way of dlsym(3). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef int (*enumerate_fn)(void *journal, const void **data, size_t *size);
typedef void *(*dlsym_fn)(void *handle, const char *name);
static enumerate_fn enumerate;

static int damaged(void *journal, const void **data, size_t *size) {
  const char *field = getenv("WAYBILL_TEST_DAMAGED");
  int code = enumerate(journal, data, size);
  if (code <= 0 || field == NULL || *size != strlen(field)) return code;
  return memcmp(*data, field, *size) == 0 ? -EBADMSG : code;
}

void *dlsym(void *handle, const char *name) {
  dlsym_fn real = NULL;
  /* Two names: that of glibc 2.34 and later, and those of machines before. */
  *(void **)&real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
  if (real == NULL) *(void **)&real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
  if (real == NULL) *(void **)&real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.17");
  if (real == NULL) abort();
  void *found = real(handle, name);
  if (strcmp(name, "sd_journal_enumerate_data") != 0) return found;
  *(void **)&enumerate = found;
  void *ours = NULL;
  *(enumerate_fn *)&ours = damaged;
  return ours;
}
