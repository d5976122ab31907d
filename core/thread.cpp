// SPDX-License-Identifier: Apache-2.0
#include "core/thread.h"

#include <system_error>
#include <utility>

namespace waybill {

Result<void> start_thread(std::thread& thread, std::function<void()> work) {
  try {
    thread = std::thread(std::move(work));
  } catch (const std::system_error& error) {
    return Error{Action::kRetry, "cannot start a thread: " + error.code().message() +
                                     ": is the limit of processes (ulimit -u, TasksMax) too low?"};
  }
  return {};
}

}  // namespace waybill
