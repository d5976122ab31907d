// SPDX-License-Identifier: Apache-2.0
// zstd (RFC 8878), by libzstd, which is loaded when the first output that wants it starts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/buffer.h"
#include "core/result.h"

namespace waybill::outputs {

constexpr int kMaxZstdLevel = 19;

// Loads it on the first call; it stays. Main thread. The Error says what to install.
Result<void> load_zstd();

// Appends `plain` as one frame to `out`. After load_zstd() alone. Each thread that calls it keeps
// what the level needs: 1 MiB at level 1.
void append_zstd(Buffer& out, std::string_view plain, int level);

// One frame, with a checksum, piece by piece: for what does not fit into memory. After load_zstd()
// alone; one thread's.
class ZstdStream {
 public:
  explicit ZstdStream(int level);
  ~ZstdStream();
  ZstdStream(ZstdStream&&) = delete;

  // Appends to `out` what there is of the frame with `plain` in it; with `last` to its end.
  void add(Buffer& out, std::string_view plain, bool last);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

// What was packed, of a single frame; nothing for what is no zstd, is cut short, has more than
// `most` bytes, or without load_zstd().
std::optional<std::string> unpack_zstd(std::string_view packed, size_t most);

}  // namespace waybill::outputs
