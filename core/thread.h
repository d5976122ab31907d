// SPDX-License-Identifier: Apache-2.0
// start_thread(): a thread that cannot be had is an Error, not an exception.
#pragma once

#include <functional>
#include <thread>

#include "core/result.h"

namespace waybill {

// Makes `thread`, which must not be joinable, run `work`. The process may be at its limit of
// threads (ulimit -u, a container's pids limit): then nothing has happened, and the Error says so.
Result<void> start_thread(std::thread& thread, std::function<void()> work);

}  // namespace waybill
