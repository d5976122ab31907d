// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/gzip.h"

#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/check.h"

namespace waybill::outputs::http {

namespace {

class Deflater {
 public:
  Deflater() = default;
  Deflater(Deflater&&) = delete;
  ~Deflater() {
    if (level_ != 0) deflateEnd(&stream_);
  }

  z_stream& fresh(int level) {
    if (level == level_) {
      deflateReset(&stream_);
      return stream_;
    }
    if (level_ != 0) deflateEnd(&stream_);
    stream_ = {};
    constexpr int kGzip = 15 + 16;  // the largest window, in gzip's wrapper
    int code = deflateInit2(&stream_, level, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
    WAYBILL_CHECK(code == Z_OK, "zlib cannot be initialised: out of memory");
    level_ = level;
    return stream_;
  }

 private:
  z_stream stream_{};
  int level_ = 0;  // 0: not initialised
};

// ISA-L's first level packs as zlib's does, in a third of the time.
class FastDeflater {
 public:
  FastDeflater() : buffer_(ISAL_DEF_LVL1_DEFAULT) {
    isal_deflate_init(&stream_);
    stream_.level = 1;
    stream_.level_buf = buffer_.data();
    stream_.level_buf_size = static_cast<uint32_t>(buffer_.size());
  }
  FastDeflater(FastDeflater&&) = delete;

  isal_zstream& fresh() {
    isal_deflate_reset(&stream_);
    stream_.gzip_flag = IGZIP_GZIP;  // it is another one once the header is written
    stream_.end_of_stream = 1;
    stream_.flush = NO_FLUSH;
    return stream_;
  }

 private:
  std::vector<uint8_t> buffer_;
  isal_zstream stream_;
};

// Logs shrink to an eighth or so; who asks for more room has one that does not.
size_t room_for(std::string_view plain) { return std::max<size_t>(plain.size() / 6, 4096); }

void append_fast(Buffer& out, std::string_view plain) {
  thread_local FastDeflater deflater;
  isal_zstream& stream = deflater.fresh();
  stream.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uint32_t>(plain.size());
  while (stream.internal_state.state != ZSTATE_END) {
    const size_t room = room_for(plain);
    stream.next_out = reinterpret_cast<uint8_t*>(out.reserve(room));
    stream.avail_out = static_cast<uint32_t>(room);
    WAYBILL_CHECK(isal_deflate(&stream) == COMP_OK, "ISA-L failed on plain memory");
    out.advance(room - stream.avail_out);
  }
}

}  // namespace

void append_gzip(Buffer& out, std::string_view plain, int level) {
  WAYBILL_CHECK(plain.size() <= UINT32_MAX / 2, "a request body of more than 2 GiB");
  if (level == 1) return append_fast(out, plain);
  thread_local Deflater deflater;
  z_stream& stream = deflater.fresh(level);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    const size_t room = room_for(plain);
    stream.next_out = reinterpret_cast<Bytef*>(out.reserve(room));
    stream.avail_out = static_cast<uInt>(room);
    code = deflate(&stream, Z_FINISH);
    WAYBILL_CHECK(code == Z_OK || code == Z_BUF_ERROR || code == Z_STREAM_END,
                  "zlib failed on plain memory");
    out.advance(room - stream.avail_out);
  }
}

std::optional<std::string> gunzip(std::string_view packed, size_t most) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  if (inflateInit2(&stream, kGzip) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string plain;
  int code = Z_OK;
  while (code == Z_OK && plain.size() <= most) {
    constexpr size_t kStep = 16 * 1024;
    size_t before = plain.size();
    plain.resize(before + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(plain.data() + before);
    stream.avail_out = static_cast<uInt>(kStep);
    code = inflate(&stream, Z_NO_FLUSH);
    plain.resize(before + kStep - stream.avail_out);
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END || plain.size() > most) return std::nullopt;
  return plain;
}

}  // namespace waybill::outputs::http
