// SPDX-License-Identifier: Apache-2.0
#include "delivery/dead_letters/dead_letters.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/canonical.h"
#include "core/clock.h"
#include "core/json_text.h"
#include "delivery/own_files.h"

namespace waybill::delivery {

namespace {

size_t size_of(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
}

// A crash may have left half a letter at the end: the next one begins on a line of its own.
bool ends_within_line(int fd, size_t size) {
  char last = '\n';
  return size != 0 && pread(fd, &last, 1, static_cast<off_t>(size - 1)) == 1 && last != '\n';
}

void append_member(Buffer& out, std::string_view key, std::string_view text) {
  append_json_string(out, key);
  out.push_back(':');
  append_json_string(out, text);
  out.push_back(',');
}

}  // namespace

Result<std::unique_ptr<DeadLetters>> DeadLetters::open(std::string path, size_t size,
                                                       Render render) {
  size_t slash = path.rfind('/');
  std::string folder =
      slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  Fd dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) {
    Error error = errno_error("dead_letters.path: cannot open the folder " + folder, errno);
    error.what += ": make it, or set another path";
    return error;
  }
  return std::unique_ptr<DeadLetters>(
      new DeadLetters(std::move(path), std::move(dir), std::move(name), size, std::move(render)));
}

void DeadLetters::set_render(Render render) {
  std::lock_guard lock(mutex_);
  render_ = std::move(render);
}

bool DeadLetters::compose(Buffer& out, const Letter& letter) {
  std::optional<Note> note = read_note(letter.note);
  std::shared_ptr<Source> source = read_source_note(letter.source);
  if (!note || !source) return false;
  std::lock_guard lock(mutex_);
  record_.clear();
  render_(record_, *note, std::move(source));
  char time[32];
  char* end = write_rfc3339(wall_now(), 3, time);
  out.push_back('{');
  append_member(out, "time", {time, static_cast<size_t>(end - time)});
  append_member(out, "output", letter.output);
  append_member(out, "stage", "deliver");
  append_member(out, "reason", kDropReasonNames[static_cast<size_t>(letter.reason)]);
  append_member(out, "detail", letter.words);
  append_member(out, "original", note->line);
  out.append("\"record\":");
  out.append(record_.view());
  out.append("}\n");
  return true;
}

Result<void> DeadLetters::write(std::string_view letters) {
  std::lock_guard lock(mutex_);
  if (Result<void> locked = lock_newest(); !locked) return locked;
  size_t held = size_of(file_.get());
  if (held != 0 && held + letters.size() > size_ / kFiles) {
    rotate();
    flock(file_.get(), LOCK_UN);
    if (Result<void> locked = lock_newest(); !locked) return locked;
  }
  Result<void> done = append(letters);
  flock(file_.get(), LOCK_UN);
  return done;
}

// Locks the file that has the name now: another process may have rotated it away.
Result<void> DeadLetters::lock_newest() {
  while (true) {
    if (!file_) {
      Result<Fd> opened = open_own_file(folder_.get(), name_.c_str(), O_RDWR | O_CREAT);
      if (!opened) return std::move(opened).error();
      file_ = *std::move(opened);
    }
    while (flock(file_.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
    struct stat ours {
    }, named{};
    bool newest = fstat(file_.get(), &ours) == 0 &&
                  fstatat(folder_.get(), name_.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                  ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
    if (newest) return {};
    file_ = Fd();  // lets the lock go
  }
}

Result<void> DeadLetters::append(std::string_view letters) {
  size_t before = size_of(file_.get());
  size_t at = before;
  Result<void> done;
  if (ends_within_line(file_.get(), at)) done = write_at(file_.get(), "\n", at++);
  if (done) done = write_at(file_.get(), letters, at);
  if (done && fdatasync(file_.get()) != 0) done = errno_error("fdatasync", errno, Action::kRetry);
  // What was written of them is not to stand there twice.
  if (!done && ftruncate(file_.get(), static_cast<off_t>(before)) != 0) {
    spdlog::warn("dead letters: {} may end in half a letter", path_);
  }
  return done;
}

// The oldest goes, all others are renamed.
void DeadLetters::rotate() {
  auto numbered = [&](size_t number) {
    return number == 0 ? name_ : name_ + "." + std::to_string(number);
  };
  say_what_goes(numbered(kFiles - 1));
  for (size_t number = kFiles - 1; number > 0; --number) {
    if (renameat(folder_.get(), numbered(number - 1).c_str(), folder_.get(),
                 numbered(number).c_str()) != 0 &&
        errno != ENOENT) {
      spdlog::warn("dead letters: {} cannot be rotated: {}", path_, std::strerror(errno));
    }
  }
}

void DeadLetters::say_what_goes(const std::string& name) const {
  Result<Fd> file = open_own_file(folder_.get(), name.c_str(), O_RDONLY);
  if (!file) return;  // there is none yet
  size_t letters = 0;
  std::array<char, 16384> bytes;
  for (ssize_t got; (got = read(file->get(), bytes.data(), bytes.size())) > 0;) {
    letters += static_cast<size_t>(std::count(bytes.data(), bytes.data() + got, '\n'));
  }
  spdlog::warn(
      "dead letters: the oldest {} of them had to go: all files of {} are full "
      "(dead_letters.size)",
      letters, path_);
}

}  // namespace waybill::delivery
