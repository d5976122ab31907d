// SPDX-License-Identifier: Apache-2.0
#include "delivery/spool/cursor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "delivery/little_endian.h"
#include "delivery/own_files.h"
#include "delivery/spool/frame.h"

namespace waybill::delivery {

namespace {

constexpr std::string_view kMagic = "WBcursor";
constexpr size_t kGenerationAt = 8;
constexpr size_t kPositionAt = 16;
constexpr size_t kCrcAt = 24;
constexpr size_t kSlot = 512;  // a sector: torn ones do not reach into the other
constexpr size_t kUsed = 28;

}  // namespace

Result<SpoolCursor> SpoolCursor::open(int dir) {
  Result<Fd> file = open_own_file(dir, "cursor", O_RDWR | O_CREAT);
  if (!file) return std::move(file).error();
  SpoolCursor cursor(*std::move(file));
  cursor.load();
  if (!cursor.position_) {
    char zeros[2 * kSlot] = {};
    if (Result<void> made = write_at(cursor.file_.get(), {zeros, sizeof zeros}, 0); !made) {
      return std::move(made).error().within("cursor");
    }
  }
  return cursor;
}

void SpoolCursor::load() {
  for (size_t slot = 0; slot < 2; ++slot) {
    char bytes[kUsed];
    ssize_t size = pread(file_.get(), bytes, sizeof bytes, static_cast<off_t>(slot * kSlot));
    if (size != static_cast<ssize_t>(sizeof bytes)) continue;
    if (std::string_view(bytes, kMagic.size()) != kMagic) continue;
    if (crc32c({bytes, kCrcAt}) != load_u32(bytes + kCrcAt)) continue;
    uint64_t generation = load_u64(bytes + kGenerationAt);
    if (position_ && generation < generation_) continue;
    generation_ = generation;
    position_ = load_u64(bytes + kPositionAt);
  }
}

Result<void> SpoolCursor::move(uint64_t position) {
  uint64_t generation = generation_ + 1;
  char bytes[kUsed];
  kMagic.copy(bytes, kMagic.size());
  store_u64(bytes + kGenerationAt, generation);
  store_u64(bytes + kPositionAt, position);
  store_u32(bytes + kCrcAt, crc32c({bytes, kCrcAt}));
  size_t slot = generation % 2;
  if (Result<void> done = write_at(file_.get(), {bytes, sizeof bytes}, slot * kSlot); !done) {
    return std::move(done).error().within("cursor");
  }
  if (fdatasync(file_.get()) != 0) return errno_error("cannot sync the cursor", errno);
  generation_ = generation;
  position_ = position;
  return {};
}

}  // namespace waybill::delivery
