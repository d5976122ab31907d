// SPDX-License-Identifier: Apache-2.0
// How many descriptors this process may have open (RLIMIT_NOFILE). The soft limit is 1024 almost
// everywhere, for programs that call select(2): we do not, and follow thousands of files.
#pragma once

namespace waybill::inputs {

// Raises the soft limit to the hard one. Main thread, before files are opened; once.
void raise_descriptor_limit();

// The soft limit as it was: for a child before it runs its command, which may call select(2).
// Async-signal-safe.
void restore_descriptor_limit();

}  // namespace waybill::inputs
