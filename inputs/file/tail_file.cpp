// SPDX-License-Identifier: Apache-2.0
#include "inputs/file/tail_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace waybill::inputs::file {

namespace {

int64_t modified_ns(const struct stat& status) {
  return status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec;
}

ssize_t read_at(int fd, char* bytes, size_t size, uint64_t offset) {
  ssize_t got;
  do {
    got = pread(fd, bytes, size, static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

TailFile::TailFile(uint64_t file_number, std::string file_path, FileKey file_key, size_t max_line)
    : number(file_number),
      key(file_key),
      path(std::move(file_path)),
      last_bytes(steady_now()),
      carry_(max_line) {}

int TailFile::open() {
  // A pipe with a log's name must not hang us, a terminal not become ours.
  Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!fd) return errno;
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode) || key_of(status) != key) return ESTALE;
  size_ = static_cast<uint64_t>(status.st_size);
  written_ns_ = modified_ns(status);
  modified_ns_ = -1;
  fd_ = std::move(fd);
  if (history_) (void)unpack();
  return 0;
}

void TailFile::close() {
  gzip_.reset();
  fd_.reset();
}

uint64_t TailFile::count_links() {
  struct stat status {};
  if (fstat(fd_.get(), &status) == 0) links_ = status.st_nlink;
  return links_;
}

void TailFile::begin(std::shared_ptr<const Source> source, uint64_t offset) {
  source_ = std::move(source);
  ++generation_;
  nonce_kept = false;
  carry_.restart(offset);
  frontier = AckFrontier(offset);
  fresh_ = offset == 0;
  suspect_ = false;
  if (history_) {
    saved_head_ = gzip().head();
    saved_generation_ = generation_;
    gzip().rewind();
    mark_ = std::exchange(expected_, {});
    return;
  }
  mark_ = offset == 0 ? Print() : mark_print(fd_.get(), offset);
  modified_ns_ = -1;
}

bool TailFile::notice(const struct stat& status) {
  if (history_) return false;
  uint64_t size = static_cast<uint64_t>(status.st_size);
  bool changed = size != position() || modified_ns(status) != modified_ns_;
  if (size > size_) {
    size_ = size;
    modified_ns_ = -1;
  }
  return changed;
}

TailFile::Look TailFile::look() {
  if (history_) return ended_ ? Look::kQuiet : Look::kMore;
  struct stat status {};
  if (fstat(fd_.get(), &status) != 0) {
    close();
    return Look::kFailed;
  }
  uint64_t size = static_cast<uint64_t>(status.st_size);
  // `size_` stays what it was until now: the caller counts what was lost of it.
  if (size < position() || suspect_) return Look::kReplaced;
  bool untouched = modified_ns(status) == modified_ns_ && size == size_;
  if (!untouched && mark_.size > 0 && mark_print(fd_.get(), position(), mark_.size) != mark_) {
    return Look::kReplaced;
  }
  links_ = status.st_nlink;
  size_ = size;
  modified_ns_ = modified_ns(status);
  reserved_ = reserved_ && untouched;
  if (size == position() || reserved_) return Look::kQuiet;
  if (fresh_ && is_compressed()) return Look::kCompressed;
  return Look::kMore;
}

TailFile::Read TailFile::read(Batch& into, uint32_t source) {
  if (history_) return read_history(into, source);
  if (fresh_) {
    // A writer that does not append leaves a hole where its file was truncated: it is no data.
    off_t data = lseek(fd_.get(), static_cast<off_t>(position()), SEEK_DATA);
    if (data > static_cast<off_t>(position())) {
      carry_.restart(static_cast<uint64_t>(data));
      frontier.skip_to(position());
    }
  }
  std::span<char> room = carry_.place(into);
  if (limit <= position()) return {};
  size_t wanted = static_cast<size_t>(std::min<uint64_t>(room.size(), limit - position()));
  ssize_t got = read_at(fd_.get(), room.data(), wanted, position());
  if (got < 0) {
    int failed = errno;
    close();
    return {.failed = failed};
  }
  if (got == 0) return {};
  size_t size = static_cast<size_t>(got);
  // Room that was reserved may be larger than ours.
  bool at_end = size < wanted || (room[size - 1] == '\0' && only_nuls(position() + size, size_));
  size_t useful = skip_holes(room.data(), size, at_end);
  reserved_ = at_end && useful < size;
  bool more = size == room.size() && !reserved_;
  if (useful == 0) return {.more = more};
  carry_.take(into, source, useful);
  remember_mark(room.data(), useful);
  last_bytes = steady_now();
  return {.bytes = useful, .more = more};
}

// Whether the file has nothing but NULs there. Holes cost nothing; of written ones so many are
// looked at, and more are taken for data.
bool TailFile::only_nuls(uint64_t from, uint64_t to) const {
  constexpr uint64_t kMost = uint64_t{64} * 1024 * 1024;
  std::array<char, size_t{16} * 1024> bytes;
  for (uint64_t seen_bytes = 0; from < to; seen_bytes += bytes.size()) {
    off_t data = lseek(fd_.get(), static_cast<off_t>(from), SEEK_DATA);
    if (data < 0) return errno == ENXIO;  // a hole to the end
    from = std::max(from, static_cast<uint64_t>(data));
    if (from >= to) break;
    if (seen_bytes >= kMost) return false;
    ssize_t got = read_at(fd_.get(), bytes.data(), bytes.size(), from);
    if (got <= 0) break;
    std::string_view seen(bytes.data(), static_cast<size_t>(got));
    if (seen.find_first_not_of('\0') != seen.npos) return false;
    from += seen.size();
  }
  return true;
}

// NULs before the first line are a hole, NULs at the end are room that was reserved and not yet
// written (mapped logs, some network file systems): neither is taken in. What is left stands at
// `bytes`; the result is its size.
size_t TailFile::skip_holes(char* bytes, size_t size, bool at_end) {
  if (at_end) {
    while (size > 0 && bytes[size - 1] == '\0') --size;
  }
  if (!fresh_ || size == 0) return size;
  size_t hole = 0;
  while (hole < size && bytes[hole] == '\0') ++hole;
  if (hole > 0) {
    carry_.restart(position() + hole);
    frontier.skip_to(position());
    size -= hole;
    std::memmove(bytes, bytes + hole, size);
  }
  fresh_ = size == 0;
  return size;
}

void TailFile::remember_mark(const char* bytes, size_t size) {
  if (size >= kPrintBytes) {
    mark_ = print_of({bytes + size - kPrintBytes, kPrintBytes});
    return;
  }
  // A short read: the mark reaches back to bytes read earlier. Were they replaced meanwhile, the
  // bytes just read are, too.
  std::array<char, kPrintBytes> before;
  size_t wanted = static_cast<size_t>(std::min<uint64_t>(kPrintBytes, position()));
  ssize_t got = read_at(fd_.get(), before.data(), wanted, position() - wanted);
  if (got != static_cast<ssize_t>(wanted) ||
      std::memcmp(before.data() + wanted - size, bytes, size) != 0) {
    suspect_ = true;
    return;
  }
  mark_ = print_of({before.data(), wanted});
}

FileCheckpoint TailFile::checkpoint() {
  if (saved_generation_ != generation_) {
    saved_head_ = {};
    saved_offset_ = UINT64_MAX;
    saved_generation_ = generation_;
  }
  uint64_t offset = frontier.committed();
  if (history_) {
    // What stands before a place in its middle is gone, and costs too much to find again.
    saved_mark_ = offset == position() ? mark_ : Print();
  } else if (is_open() && saved_head_.size < kPrintBytes && saved_head_.size < size_) {
    saved_head_ = head_print(fd_.get());
  }
  if (!history_ && offset != saved_offset_) {
    saved_mark_ = is_open() ? mark_print(fd_.get(), offset) : Print();
    saved_offset_ = offset;
  }
  FileCheckpoint made;
  made.path = path;
  made.rotated = rotated;
  made.device = key.device;
  made.inode = key.inode;
  made.head_size = saved_head_.size;
  made.head_hash = saved_head_.hash;
  made.nonce = source_->nonce;
  made.offset = offset;
  made.mark_size = saved_mark_.size;
  made.mark_hash = saved_mark_.hash;
  return made;
}

}  // namespace waybill::inputs::file
