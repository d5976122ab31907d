// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>

#include "core/check.h"

namespace waybill::outputs::http {

namespace {

class Deflater {
 public:
  Deflater() {
    constexpr int kGzip = 15 + 16;  // the largest window, in gzip's wrapper
    int code = deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
    WAYBILL_CHECK(code == Z_OK, "zlib cannot be initialised: out of memory");
  }
  Deflater(Deflater&&) = delete;
  ~Deflater() { deflateEnd(&stream_); }

  z_stream& fresh() {
    deflateReset(&stream_);
    return stream_;
  }

 private:
  z_stream stream_{};
};

}  // namespace

void append_gzip(Buffer& out, std::string_view plain) {
  thread_local Deflater deflater;
  WAYBILL_CHECK(plain.size() <= UINT32_MAX / 2, "a request body of more than 2 GiB");
  z_stream& stream = deflater.fresh();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    // Logs shrink to an eighth or so; the rest of the loop is for those that do not.
    size_t room = std::max<size_t>(plain.size() / 6, 4096);
    stream.next_out = reinterpret_cast<Bytef*>(out.reserve(room));
    stream.avail_out = static_cast<uInt>(room);
    code = deflate(&stream, Z_FINISH);
    WAYBILL_CHECK(code == Z_OK || code == Z_BUF_ERROR || code == Z_STREAM_END,
                  "zlib failed on plain memory");
    out.advance(room - stream.avail_out);
  }
}

}  // namespace waybill::outputs::http
