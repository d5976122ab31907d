// SPDX-License-Identifier: Apache-2.0
#include "daemon/template_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "delivery/own_files.h"

namespace waybill::daemon {

namespace {

constexpr const char* kName = "templates";
constexpr const char* kNew = "templates.new";
constexpr off_t kMostBytes = 16 << 20;  // some hundred times what we write

}  // namespace

std::string TemplateFile::path() const { return dir_.path() + "/" + kName; }

Result<std::string> TemplateFile::load() const {
  struct stat status {};
  bool there = fstatat(dir_.fd(), kName, &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!there && errno == ENOENT) return std::string();
  Result<delivery::Fd> file = delivery::open_own_file(dir_.fd(), kName, O_RDONLY);
  if (!file) return std::move(file).error();
  if (fstat(file->get(), &status) != 0) return errno_error("fstat", errno);
  if (status.st_size > kMostBytes) return Error{Action::kDrop, "it is far too large"};
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t size =
        pread(file->get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno_error("it cannot be read", errno);
    if (size == 0) break;
    done += static_cast<size_t>(size);
  }
  bytes.resize(done);
  return bytes;
}

Result<void> TemplateFile::save(std::string_view bytes, bool durable) const {
  const int dir = dir_.fd();
  if (unlinkat(dir, kNew, 0) != 0 && errno != ENOENT) return errno_error("cannot remove", errno);
  auto file = delivery::open_own_file(dir, kNew, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return std::move(file).error();
  if (auto done = delivery::write_at(file->get(), bytes, 0); !done) return done;
  if (durable && fdatasync(file->get()) != 0) return errno_error("cannot sync", errno);
  if (renameat(dir, kNew, dir, kName) != 0) return errno_error("cannot rename", errno);
  if (durable && fsync(dir) != 0) return errno_error("cannot sync the folder", errno);
  return {};
}

}  // namespace waybill::daemon
