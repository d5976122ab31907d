// SPDX-License-Identifier: Apache-2.0
// GzipFile: what a gzip file holds (RFC 1952), one byte after the other, as if it were a file of
// its own: offsets are those of the decompressed bytes.
#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inputs/file/identity.h"

namespace waybill::inputs::file {

// Whether `head`, the first bytes of a file, begins a gzip member.
bool is_gzip(std::string_view head);

// Members that stand one behind the other are one stream (section 2.2), NULs behind the last are
// padding. Takes about 100 KiB, whatever is in the file. One thread.
class GzipFile {
 public:
  // Reads the first `size` bytes of `fd`, which outlives this; its file position is left alone.
  GzipFile(int fd, uint64_t size);
  GzipFile(GzipFile&&) = delete;
  ~GzipFile();

  // The next bytes: as many as there is room for, fewer only when it ended().
  size_t read(std::span<char> room);
  // To its beginning again.
  void rewind();

  uint64_t position() const { return position_; }   // of what is read next
  uint64_t left() const { return size_ - used(); }  // compressed bytes that have not been used
  // Nothing comes any more, until rewind(): the end, or what fault() says.
  bool ended() const { return ended_; }
  // Why left() bytes cannot be read; empty when all is well.
  const std::string& fault() const { return fault_; }

  // Of the first bytes, of at most `size`; reads them if need be. Not while in the middle.
  Print head(uint64_t size = kPrintBytes);
  // Of those right before position(), of at most `size`.
  Print mark(uint64_t size = kPrintBytes) const;

 private:
  uint64_t used() const { return read_ - stream_.avail_in; }
  bool fill();
  void next_member();
  void fail(std::string what);
  void remember(std::string_view bytes);

  const int fd_;
  const uint64_t size_;
  z_stream stream_{};
  std::vector<unsigned char> input_;
  uint64_t read_ = 0;      // compressed bytes so far
  bool in_member_ = true;  // false: between two, or behind the last
  uint64_t position_ = 0;
  bool ended_ = false;
  std::string fault_;
  std::string head_;                      // up to kPrintBytes
  std::array<char, kPrintBytes> before_;  // the last ones read,
  size_t before_size_ = 0;                // of which there are so many, at the end
};

}  // namespace waybill::inputs::file
