// SPDX-License-Identifier: Apache-2.0
#include "outputs/file/packing.h"

#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "core/buffer.h"
#include "outputs/zstd.h"

namespace waybill::outputs::file {

namespace {

constexpr size_t kPiece = 64 * 1024;
constexpr int kZstdLevel = 3;  // zstd(1)'s own, as gzip's is zlib's

Result<void> write_all(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    ssize_t wrote = ::write(fd, bytes, size);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno_error("cannot write", errno);
    bytes += wrote;
    size -= static_cast<size_t>(wrote);
  }
  return {};
}

// Packs what it is given, and what is behind that.
class Coder {
 public:
  virtual ~Coder() = default;
  virtual void add(Buffer& out, std::string_view plain, bool last) = 0;
};

class Gzip final : public Coder {
 public:
  Gzip() {
    constexpr int kGzip = 15 + 16;  // the largest window, and a gzip header
    ready_ = deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8,
                          Z_DEFAULT_STRATEGY) == Z_OK;
  }
  Gzip(Gzip&&) = delete;
  ~Gzip() override { deflateEnd(&stream_); }
  bool ready() const { return ready_; }

  void add(Buffer& out, std::string_view plain, bool last) override {
    stream_.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(plain.data()));
    stream_.avail_in = static_cast<uInt>(plain.size());
    do {
      stream_.next_out = reinterpret_cast<unsigned char*>(out.reserve(kPiece));
      stream_.avail_out = static_cast<uInt>(kPiece);
      deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
      out.advance(kPiece - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

class Zstd final : public Coder {
 public:
  void add(Buffer& out, std::string_view plain, bool last) override {
    stream_.add(out, plain, last);
  }

 private:
  ZstdStream stream_{kZstdLevel};
};

Result<std::unique_ptr<Coder>> coder_of(Compress how) {
  if (how == Compress::kZstd) return std::unique_ptr<Coder>(std::make_unique<Zstd>());
  auto gzip = std::make_unique<Gzip>();
  if (!gzip->ready()) return Error{Action::kRetry, "no memory for zlib"};
  return std::unique_ptr<Coder>(std::move(gzip));
}

}  // namespace

std::string_view packed_suffix(Compress how) {
  switch (how) {
    case Compress::kGzip: return ".gz";
    case Compress::kZstd: return ".zst";
    case Compress::kNone: break;
  }
  return {};
}

Result<void> prepare_packing(Compress how) {
  return how == Compress::kZstd ? load_zstd() : Result<void>();
}

Result<void> pack_file(Compress how, int from, int to, const std::atomic<bool>& stopping) {
  Result<std::unique_ptr<Coder>> coder = coder_of(how);
  if (!coder) return std::move(coder).error();
  std::vector<char> plain(kPiece);
  Buffer packed;
  while (true) {
    if (stopping) return Error{Action::kRetry, ""};
    ssize_t size = ::read(from, plain.data(), plain.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno_error("cannot read", errno);
    packed.clear();
    (*coder)->add(packed, {plain.data(), static_cast<size_t>(size)}, size == 0);
    if (Result<void> wrote = write_all(to, packed.data(), packed.size()); !wrote) return wrote;
    if (size == 0) return {};
  }
}

}  // namespace waybill::outputs::file
