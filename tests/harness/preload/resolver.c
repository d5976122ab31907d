/* SPDX-License-Identifier: Apache-2.0 */
/* A name server that does not answer for 40 s: nothing can interrupt getaddrinfo(). */
#define _GNU_SOURCE
#include <netdb.h>
#include <unistd.h>

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
  (void)name, (void)service, (void)hints, (void)found;
  sleep(40);
  return EAI_AGAIN;
}
