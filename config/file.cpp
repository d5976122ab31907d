// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "config/config.h"
#include "config/document.h"

namespace waybill::config {

namespace {

// Closes what was opened, whichever way we leave.
struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  Descriptor(Descriptor&&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  int number;
};

Error refusal(const std::string& path, std::string_view why) {
  return Error{Action::kFixConfig, fmt::format("{}: {}", path, why)};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not hang. It changes nothing for files.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number < 0) {
    if (errno == ENOENT) return refusal(path, "no such file (check the path)");
    if (errno == EACCES) return refusal(path, "may not be read (check its permissions)");
    return errno_error(path, errno);
  }
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return errno_error(path, errno);
  if (S_ISDIR(status.st_mode)) return refusal(path, "is a folder (name the file in it)");
  // Process substitution, `-c <(…)`, gives a pipe; wait for its writer.
  if (!S_ISREG(status.st_mode)) {
    int flags = ::fcntl(file.number, F_GETFL);
    if (flags < 0 || ::fcntl(file.number, F_SETFL, flags & ~O_NONBLOCK) != 0) {
      return errno_error(path, errno);
    }
  }

  std::string text;
  char block[16 * 1024];
  while (true) {
    ssize_t got = ::read(file.number, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(path, errno);
    if (got == 0) return text;
    text.append(block, static_cast<size_t>(got));
    if (text.size() > kMaxDocumentBytes) {
      return refusal(path, "more than 1 MiB, which no config is (check the path)");
    }
  }
}

}  // namespace waybill::config
