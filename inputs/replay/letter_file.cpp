// SPDX-License-Identifier: Apache-2.0
#include "inputs/replay/letter_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace waybill::inputs::replay {

namespace {

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

Error cannot_read(const std::string& path, int code) {
  return errno_error("cannot read " + path, code);
}

Error no_file(const std::string& path, mode_t mode) {
  return Error{Action::kFixConfig, "cannot read " + path + ": it is " + kind_of(mode) +
                                       ": name the regular file that has the letters"};
}

}  // namespace

Result<std::unique_ptr<LetterFile>> LetterFile::open(std::string path, size_t longest) {
  struct stat status {};
  // Before it is opened, which does something to some devices.
  if (stat(path.c_str(), &status) != 0) return cannot_read(path, errno);
  if (!S_ISREG(status.st_mode)) return no_file(path, status.st_mode);
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd || fstat(fd.get(), &status) != 0) return cannot_read(path, errno);
  if (!S_ISREG(status.st_mode)) return no_file(path, status.st_mode);
  return std::unique_ptr<LetterFile>(new LetterFile(
      std::move(path), std::move(fd), static_cast<uint64_t>(status.st_size), longest));
}

LetterFile::LetterFile(std::string path, Fd fd, uint64_t size, size_t longest)
    : path_(std::move(path)),
      fd_(std::move(fd)),
      size_(size),
      longest_(longest),
      buffer_(std::make_unique<char[]>(kBufferBytes)) {}

LetterFile::Step LetterFile::step() {
  if (!within_line_) {
    if (taken_ >= size_) return Step::kEnd;
    within_line_ = true;
    too_long_ = false;
    line_.clear();
    offset_ = taken_;
    ++number_;
  }
  if (begin_ == end_) {
    Step filled = refill();
    if (filled != Step::kMore) return filled;
  }
  const char* bytes = buffer_.get() + begin_;
  size_t there = end_ - begin_;
  const auto* found = static_cast<const char*>(std::memchr(bytes, '\n', there));
  size_t size = found == nullptr ? there : static_cast<size_t>(found - bytes);
  take(bytes, size);
  if (found == nullptr) return Step::kMore;
  ++begin_;
  ++taken_;
  return finish_line();
}

LetterFile::Step LetterFile::refill() {
  ssize_t got = 0;
  do {
    got = read(fd_.get(), buffer_.get(), kBufferBytes);
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    begin_ = 0;
    end_ = static_cast<size_t>(got);
    return Step::kMore;
  }
  if (got == 0 && taken_ >= size_) return finish_line();  // the last line has no end
  problem_ = got < 0 ? std::string("it cannot be read any further: ") + std::strerror(errno)
                     : "it ends here: somebody has made it shorter meanwhile";
  return Step::kFailed;
}

void LetterFile::take(const char* bytes, size_t size) {
  begin_ += size;
  taken_ += size;
  if (too_long_) return;
  too_long_ = line_.size() + size > longest_;
  if (too_long_) {
    line_ = std::string();
  } else {
    line_.append(bytes, size);
  }
}

LetterFile::Step LetterFile::finish_line() {
  within_line_ = false;
  return too_long_ ? Step::kTooLong : Step::kLine;
}

}  // namespace waybill::inputs::replay
