// SPDX-License-Identifier: Apache-2.0
// TailFile as history: a gzip file that is read once.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "inputs/file/tail_file.h"

namespace waybill::inputs::file {

namespace {

// Of one read on the way to where the last run has ended.
constexpr size_t kSkipBytes = size_t{64} * 1024;

std::string first_bytes(int fd) {
  std::array<char, 8> bytes;
  ssize_t got = pread(fd, bytes.data(), bytes.size(), 0);
  return {bytes.data(), static_cast<size_t>(std::max<ssize_t>(got, 0))};
}

}  // namespace

bool TailFile::is_compressed() const { return looks_compressed(first_bytes(fd_.get())); }

bool TailFile::unpack() {
  history_ = history_ || is_gzip(first_bytes(fd_.get()));
  if (!history_) return false;
  left_ = ended_ ? 0 : size_;
  return true;
}

GzipFile& TailFile::gzip() {
  if (!gzip_) gzip_ = std::make_unique<GzipFile>(fd_.get(), size_);
  return *gzip_;
}

uint64_t TailFile::unread() const {
  if (history_) return left_;
  return size_ > position() ? size_ - position() : 0;
}

std::optional<TailFile::Damage> TailFile::take_damage() {
  if (fault_.empty()) return std::nullopt;
  return Damage{std::exchange(left_, 0), std::exchange(fault_, {})};
}

TailFile::Read TailFile::read_history(Batch& into, uint32_t source) {
  Read done;
  GzipFile& from = gzip();
  if (from.position() < position()) {
    std::array<char, kSkipBytes> skipped;
    uint64_t wanted = std::min<uint64_t>(skipped.size(), position() - from.position());
    from.read({skipped.data(), static_cast<size_t>(wanted)});
    bool there = from.position() == position();
    done.other = there ? from.mark(mark_.size) != mark_ : from.ended();
    done.more = true;
  } else {
    done.bytes = from.read(carry_.place(into));
    carry_.take(into, source, done.bytes);
    confirmed_ = true;
    if (done.bytes > 0) mark_ = from.mark();
    done.more = !from.ended();
    ended_ = !done.more;
    if (ended_) fault_ = from.fault();
  }
  left_ = from.left();
  last_bytes = steady_now();
  return done;
}

}  // namespace waybill::inputs::file
