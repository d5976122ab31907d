// SPDX-License-Identifier: Apache-2.0
// How a file is known again: by inode, by its first bytes, and by the bytes before an offset.
//
// An inode number is used again as soon as a file is gone, and a file can be rewritten in place:
// only all three together say that what was read is still there. The device number is left out
// of it, for a network file system may get another one with every mount.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string_view>

#include "inputs/checkpoint_store.h"

namespace waybill::inputs::file {

struct FileKey {
  uint64_t device = 0;
  uint64_t inode = 0;
  auto operator<=>(const FileKey&) const = default;
};

FileKey key_of(const struct stat& status);

constexpr size_t kPrintBytes = 1024;

// XXH3 of up to kPrintBytes bytes of a file.
struct Print {
  uint64_t size = 0;
  uint64_t hash = 0;
  bool operator==(const Print&) const = default;
};

Print print_of(std::string_view bytes);
// Of the file's first bytes; `size` may be less than kPrintBytes. Size 0 when they cannot be read.
Print head_print(int fd, uint64_t size = kPrintBytes);
// Of the bytes right before `offset`.
Print mark_print(int fd, uint64_t offset, uint64_t size = kPrintBytes);

// What an open file is to a checkpoint with the same inode number.
enum class Match {
  kOther,      // another file that got the inode number
  kSame,       // goes on at the checkpoint's offset
  kRewritten,  // the same beginning, but what was read has been replaced: read from its start
};
Match match(int fd, uint64_t size, const FileCheckpoint& checkpoint);

// Whether the file begins as compressed files do (gzip, zstd, xz, bzip2): a rotated log that was
// packed has been read already, and its bytes are no lines.
bool looks_compressed(std::string_view head);

}  // namespace waybill::inputs::file
