// SPDX-License-Identifier: Apache-2.0
#include "inputs/file/gzip_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/check.h"

namespace waybill::inputs::file {

namespace {

constexpr size_t kInputBytes = size_t{64} * 1024;
constexpr int kGzip = 15 + 16;  // any window, in gzip's wrapper

}  // namespace

bool is_gzip(std::string_view head) { return head.starts_with("\x1f\x8b\x08"); }

GzipFile::GzipFile(int fd, uint64_t size) : fd_(fd), size_(size), input_(kInputBytes) {
  WAYBILL_CHECK(inflateInit2(&stream_, kGzip) == Z_OK, "zlib cannot be initialised: out of memory");
}

GzipFile::~GzipFile() { inflateEnd(&stream_); }

void GzipFile::rewind() {
  inflateReset(&stream_);
  stream_.avail_in = 0;
  read_ = 0;
  in_member_ = true;
  position_ = 0;
  ended_ = false;
  fault_.clear();
  before_size_ = 0;
}

size_t GzipFile::read(std::span<char> room) {
  size_t done = 0;
  while (done < room.size() && !ended_) {
    bool more = stream_.avail_in > 0 || fill();
    if (ended_) break;
    if (!in_member_) {
      if (!more) ended_ = true;
      if (more) next_member();
      continue;
    }
    size_t wanted = std::min<size_t>(room.size() - done, UINT32_MAX);
    stream_.next_out = reinterpret_cast<Bytef*>(room.data() + done);
    stream_.avail_out = static_cast<uInt>(wanted);
    int code = inflate(&stream_, Z_NO_FLUSH);
    size_t made = wanted - stream_.avail_out;
    done += made;
    if (code == Z_STREAM_END) {
      in_member_ = false;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      fail(stream_.msg != nullptr ? stream_.msg : "it is no gzip data");
    } else if (!more && made == 0) {
      fail("it ends too early: is it still being written, or was it cut?");
    }
  }
  remember({room.data(), done});
  position_ += done;
  return done;
}

// More compressed bytes. False: there are none.
bool GzipFile::fill() {
  size_t wanted = static_cast<size_t>(std::min<uint64_t>(input_.size(), size_ - read_));
  ssize_t got = 0;
  do {
    got = pread(fd_, input_.data(), wanted, static_cast<off_t>(read_));
  } while (got < 0 && errno == EINTR);
  if (got < 0) fail(std::strerror(errno));
  if (got <= 0) return false;
  read_ += static_cast<uint64_t>(got);
  stream_.next_in = input_.data();
  stream_.avail_in = static_cast<uInt>(got);
  return true;
}

// Between two members: NULs are padding (of a tape, once), and anything else is not ours.
void GzipFile::next_member() {
  while (stream_.avail_in > 0 && *stream_.next_in == '\0') {
    ++stream_.next_in;
    --stream_.avail_in;
  }
  if (stream_.avail_in == 0) return;
  if (*stream_.next_in != 0x1f) return fail("what stands behind its end is no gzip data");
  inflateReset(&stream_);
  in_member_ = true;
}

void GzipFile::fail(std::string what) {
  fault_ = fmt::format("byte {} of {}: {}", used(), size_, what);
  ended_ = true;
}

void GzipFile::remember(std::string_view bytes) {
  if (position_ == head_.size() && head_.size() < kPrintBytes) {
    head_.append(bytes.substr(0, kPrintBytes - head_.size()));
  }
  size_t fresh = std::min(bytes.size(), before_.size());
  size_t kept = std::min(before_size_, before_.size() - fresh);
  char* end = before_.data() + before_.size();
  std::memmove(end - fresh - kept, end - kept, kept);
  std::memcpy(end - fresh, bytes.data() + bytes.size() - fresh, fresh);
  before_size_ = kept + fresh;
}

Print GzipFile::head(uint64_t size) {
  if (head_.size() < kPrintBytes && !ended_) {
    WAYBILL_CHECK(position_ <= head_.size(), "the head is looked at from the middle of a file");
    std::array<char, kPrintBytes> bytes;
    rewind();
    read(bytes);
    rewind();
  }
  return print_of(std::string_view(head_).substr(0, size));
}

Print GzipFile::mark(uint64_t size) const {
  size_t looked_at = static_cast<size_t>(std::min<uint64_t>(size, before_size_));
  return print_of({before_.data() + before_.size() - looked_at, looked_at});
}

}  // namespace waybill::inputs::file
