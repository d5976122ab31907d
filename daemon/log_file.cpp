// SPDX-License-Identifier: Apache-2.0
#include "daemon/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "inputs/file/identity.h"

namespace waybill::daemon {

using inputs::file::GzipFile;

Result<std::unique_ptr<LogFile>> LogFile::open(const std::string& path) {
  bool standard = path == "-";
  std::unique_ptr<LogFile> file(new LogFile(standard ? "standard input" : path));
  int fd = STDIN_FILENO;
  if (!standard) {
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return errno_error(path, errno);
    file->own_ = inputs::Fd(fd);
  }
  if (auto looked = file->look(fd); !looked) return std::move(looked).error();
  return file;
}

Result<uint64_t> LogFile::probe(const std::string& path) {
  struct stat status {};
  if (path != "-" && stat(path.c_str(), &status) != 0) return errno_error(path, errno);
  // Whoever opens a pipe has begun to read it.
  if (path != "-" && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return uint64_t{0};
  auto opened = open(path);
  if (!opened) return std::move(opened).error();
  return (*opened)->size();
}

Result<void> LogFile::look(int fd) {
  fd_ = fd;
  struct stat status {};
  if (fstat(fd, &status) != 0) return errno_error(name_, errno);
  if (S_ISDIR(status.st_mode)) {
    return Error{Action::kFixConfig, fmt::format("{}: is a folder: name the files in it", name_)};
  }
  if (!S_ISREG(status.st_mode)) return {};
  size_ = static_cast<uint64_t>(status.st_size);
  char head[16];
  ssize_t got = pread(fd, head, sizeof head, 0);
  if (got < 0) return errno_error(name_, errno);
  std::string_view begin(head, static_cast<size_t>(got));
  if (inputs::file::is_gzip(begin)) {
    gzip_ = std::make_unique<GzipFile>(fd, size_);
  } else if (inputs::file::looks_compressed(begin)) {
    return Error{Action::kFixConfig,
                 fmt::format("{}: is compressed, and only gzip is read as it is: unpack it, and "
                             "give its lines on standard input",
                             name_)};
  }
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return {};
}

Result<size_t> LogFile::read(std::span<char> room) {
  if (gzip_) {
    size_t got = gzip_->read(room);
    if (got == 0 && !gzip_->fault().empty()) {
      return Error{Action::kFixConfig, fmt::format("{}: {}", name_, gzip_->fault())};
    }
    return got;
  }
  while (true) {
    ssize_t got = ::read(fd_, room.data(), room.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(name_, errno);
    auto size = static_cast<size_t>(got);
    if (read_ == 0 && size_ == 0 && inputs::file::is_gzip({room.data(), size})) {
      return Error{
          Action::kFixConfig,
          fmt::format("{}: is gzip data in a pipe: name the file, or unpack it (zcat)", name_)};
    }
    read_ += size;
    return size;
  }
}

uint64_t LogFile::used() const { return gzip_ ? size_ - gzip_->left() : read_; }

}  // namespace waybill::daemon
