// SPDX-License-Identifier: Apache-2.0
// GzipFile: any bytes are read to some end, and whatever the reads are they give the same. Byte 0
// is the seed of their sizes, the rest is the file.
#include "inputs/file/gzip_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>

#include "inputs/fd.h"
#include "tests/fuzz/target.h"

namespace waybill::fuzz {

void gzip_file(std::string_view input) {
  using namespace inputs::file;
  constexpr uint64_t kMost = uint64_t{8} << 20;  // of what a bomb holds
  if (input.empty()) return;
  std::minstd_rand random(static_cast<unsigned char>(input[0]) + 1u);
  std::string_view bytes = input.substr(1);
  inputs::Fd fd(memfd_create("gzip", MFD_CLOEXEC));
  FUZZ_CHECK(write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  GzipFile file(fd.get(), bytes.size());
  std::string room(100'000, '\0');
  std::string all;
  while (!file.ended() && all.size() < kMost) {
    size_t got = file.read(room);
    FUZZ_CHECK(got == room.size() || file.ended());
    all.append(room.data(), got);
  }
  FUZZ_CHECK(file.position() == all.size());
  FUZZ_CHECK(file.left() <= bytes.size());
  FUZZ_CHECK(!file.ended() || !file.fault().empty() || file.left() == 0);
  std::string fault = file.fault();
  bool ended = file.ended();
  file.rewind();
  FUZZ_CHECK(file.head() == print_of(std::string_view(all).substr(0, kPrintBytes)));
  for (size_t at = 0; at < all.size();) {
    size_t size = std::min(all.size() - at, size_t{1} + random() % (random() % 5000 + 1));
    size_t got = file.read({room.data(), size});
    FUZZ_CHECK(got == size);
    FUZZ_CHECK(std::string_view(all).substr(at, size) == std::string_view(room.data(), size));
    at += size;
    size_t before = std::min(at, kPrintBytes);
    FUZZ_CHECK(file.mark() == print_of(std::string_view(all).substr(at - before, before)));
  }
  if (!ended) return;
  FUZZ_CHECK(file.read({room.data(), 1}) == 0);
  FUZZ_CHECK(file.ended() && file.fault() == fault);
}

}  // namespace waybill::fuzz
