// SPDX-License-Identifier: Apache-2.0
#include "outputs/file/file_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace waybill::outputs::file {

namespace {

// A crash may have left half a line at the end: ours must not be glued to it.
void end_torn_line(const std::string& path, int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return;
  delivery::Fd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  char last = '\n';
  if (!reader || pread(reader.get(), &last, 1, status.st_size - 1) != 1 || last == '\n') return;
  [[maybe_unused]] ssize_t size = ::write(fd, "\n", 1);
}

}  // namespace

Result<void> FileSink::open() {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  delivery::Fd file(::open(path_.c_str(), kFlags, 0640));
  if (!file) {
    Error error = errno_error("cannot open " + path_ + " for writing", errno);
    if (errno == ENXIO) error.what = path_ + " is a named pipe that nobody reads: start its reader";
    if (errno == ENOENT) error.what += ": make the folder first";
    return error;
  }
  file_ = std::move(file);
  end_torn_line(path_, file_.get());
  return {};
}

Result<void> FileSink::refresh(bool& changed) {
  struct stat ours {};
  struct stat there {};
  if (file_ && fstat(file_.get(), &ours) == 0 && ::stat(path_.c_str(), &there) == 0 &&
      ours.st_dev == there.st_dev && ours.st_ino == there.st_ino) {
    return {};
  }
  Result<void> opened = open();
  if (opened) changed = true;
  return opened;
}

}  // namespace waybill::outputs::file
