// SPDX-License-Identifier: Apache-2.0
#include "inputs/file/identity.h"

#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace waybill::inputs::file {

namespace {

Print print_at(int fd, uint64_t offset, uint64_t size) {
  std::array<char, kPrintBytes> bytes;
  size_t wanted = static_cast<size_t>(std::min<uint64_t>(size, kPrintBytes));
  size_t got = 0;
  while (got < wanted) {
    ssize_t more = pread(fd, bytes.data() + got, wanted - got, static_cast<off_t>(offset + got));
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) break;
    got += static_cast<size_t>(more);
  }
  return print_of({bytes.data(), got});
}

}  // namespace

FileKey key_of(const struct stat& status) {
  return {static_cast<uint64_t>(status.st_dev), static_cast<uint64_t>(status.st_ino)};
}

Print print_of(std::string_view bytes) {
  return {bytes.size(), bytes.empty() ? 0 : XXH3_64bits(bytes.data(), bytes.size())};
}

Print head_print(int fd, uint64_t size) { return print_at(fd, 0, size); }

Print mark_print(int fd, uint64_t offset, uint64_t size) {
  size = std::min({size, offset, static_cast<uint64_t>(kPrintBytes)});
  return print_at(fd, offset - size, size);
}

Match match(int fd, uint64_t size, const FileCheckpoint& checkpoint) {
  // A checkpoint of an empty file knows nothing that a fresh start would not know.
  if (checkpoint.head_size == 0) return Match::kOther;
  Print head{checkpoint.head_size, checkpoint.head_hash};
  if (head_print(fd, checkpoint.head_size) != head) return Match::kOther;
  if (size < checkpoint.offset) return Match::kRewritten;
  Print mark{checkpoint.mark_size, checkpoint.mark_hash};
  if (mark.size > 0 && mark_print(fd, checkpoint.offset, mark.size) != mark) {
    return Match::kRewritten;
  }
  return Match::kSame;
}

bool looks_compressed(std::string_view head) {
  using namespace std::string_view_literals;
  for (std::string_view magic :
       {"\x1f\x8b\x08"sv, "\x28\xb5\x2f\xfd"sv, "\xfd\x37\x7a\x58\x5a\x00"sv, "BZh91AY"sv}) {
    if (head.starts_with(magic)) return true;
  }
  return false;
}

}  // namespace waybill::inputs::file
