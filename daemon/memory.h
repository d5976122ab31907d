// SPDX-License-Identifier: Apache-2.0
// How much memory we may use.
#pragma once

#include <cstddef>

namespace waybill::daemon {

// `memory: auto`: 64 MiB, or half of what the cgroup (v2 or v1) allows if that is less; never less
// than 4 MiB.
size_t automatic_memory_budget();

// Takes the program's code, and that of its libraries, out of our resident set: most of what ran so
// far (command line, YAML, loading) never runs again. What does comes back from the page cache.
void forget_start_up_code();

// Gives every block of a quarter of a MiB or more pages of its own, which go back to the system
// with it. By default glibc soon puts blocks as large as batches and requests between small ones,
// and holes stay. Once, at the start, before threads.
void keep_large_blocks_apart();

}  // namespace waybill::daemon
