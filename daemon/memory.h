// SPDX-License-Identifier: Apache-2.0
// How much memory we may use.
#pragma once

#include <cstddef>

namespace waybill::daemon {

// `memory: auto`: 64 MiB, or half of what the cgroup (v2 or v1) allows if that is less; never less
// than 4 MiB.
size_t automatic_memory_budget();

}  // namespace waybill::daemon
