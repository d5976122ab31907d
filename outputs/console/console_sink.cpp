// SPDX-License-Identifier: Apache-2.0
#include "outputs/console/console_sink.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

namespace waybill::outputs::console {

Result<void> ConsoleSink::open() {
  struct stat status {};
  if (fstat(given_, &status) != 0) {
    return errno_error("our standard output cannot be written to (is it closed?)", errno);
  }
  if ((fcntl(given_, F_GETFL) & O_ACCMODE) == O_RDONLY) {
    return Error{Action::kFixConfig, "our standard output cannot be written to (is it closed?)"};
  }
  if (S_ISREG(status.st_mode)) return {};  // never blocks, and its position is shared
  if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
    std::string path = "/proc/self/fd/" + std::to_string(given_);
    own_ = delivery::Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  }
  if (!own_) limit_ = PIPE_BUF;
  return {};
}

}  // namespace waybill::outputs::console
