// SPDX-License-Identifier: Apache-2.0
#include "inputs/byte_stream.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace waybill::inputs {

ByteStream::Got FdStream::read(std::span<char> room) {
  ssize_t got = ::read(fd_.get(), room.data(), room.size());
  if (got > 0) return {What::kBytes, static_cast<size_t>(got)};
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {What::kNothingYet};
  // A terminal's other end was closed: EIO. A connection was torn down: ECONNRESET. One whose
  // peer does not answer any more: ETIMEDOUT.
  if (got == 0 || errno == EIO || errno == ECONNRESET || errno == ETIMEDOUT) return {What::kEnd};
  return {What::kFailed, 0, std::strerror(errno)};
}

size_t unread_bytes(int fd) {
  int bytes = 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<size_t>(bytes) : 0;
}

}  // namespace waybill::inputs
