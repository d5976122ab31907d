// SPDX-License-Identifier: Apache-2.0
#include "inputs/descriptor_limit.h"

#include <sys/resource.h>

namespace waybill::inputs {

namespace {

rlimit before{};  // soft limit 0: it was not raised

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  rlimit raised{limit.rlim_max, limit.rlim_max};
  // Where it is refused, as a sandbox may, we live with what there is.
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) before = limit;
}

void restore_descriptor_limit() {
  if (before.rlim_cur != 0) setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace waybill::inputs
