// SPDX-License-Identifier: Apache-2.0
#include "inputs/file/gzip_file.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "inputs/fd.h"
#include "inputs/file/gzip_of.h"

using waybill::inputs::Fd;
using namespace waybill::inputs::file;
using testing::gzip_of;

namespace {

// A file in memory.
Fd file_of(std::string_view bytes) {
  Fd fd(memfd_create("gzip", MFD_CLOEXEC));
  REQUIRE(write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  return fd;
}

std::string read_all(GzipFile& file, size_t step) {
  std::string all;
  std::string room(step, '\0');
  while (!file.ended()) {
    size_t got = file.read(room);
    CHECK((got == step || file.ended()));
    all.append(room.data(), got);
    REQUIRE(all.size() == file.position());
    REQUIRE(all.size() <= size_t{16} << 20);
  }
  return all;
}

std::string lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "line " + std::to_string(i * i) + "\n";
  return text;
}

}  // namespace

TEST_CASE("gzip: members one behind the other are one stream, NULs behind them are padding") {
  std::string plain = lines(30'000);
  std::string packed = gzip_of(plain) + gzip_of("") + gzip_of(plain) + std::string(1000, '\0');
  Fd fd = file_of(packed);
  for (size_t step : {1u, 4096u, 1u << 20}) {
    GzipFile file(fd.get(), packed.size());
    CHECK((read_all(file, step) == plain + plain));
    CHECK(file.fault() == "");
    CHECK(file.left() == 0);
    file.rewind();
    CHECK((read_all(file, 10'000) == plain + plain));
  }
}

TEST_CASE("gzip: prints are those of the bytes that it holds") {
  std::string plain = lines(1000);
  std::string packed = gzip_of(plain);
  Fd fd = file_of(packed);
  GzipFile file(fd.get(), packed.size());
  CHECK(file.head() == print_of(plain.substr(0, kPrintBytes)));
  CHECK(file.head(10) == print_of(plain.substr(0, 10)));
  CHECK(file.position() == 0);
  CHECK(file.mark().size == 0);
  size_t at = 0;
  for (size_t step : {1u, 10u, 1000u, 13u, 1024u, 1025u, 7u}) {
    std::string room(step, '\0');
    REQUIRE(file.read(room) == step);
    at += step;
    size_t size = std::min<size_t>(at, kPrintBytes);
    CHECK(file.mark() == print_of(plain.substr(at - size, size)));
    CHECK(file.mark(5) ==
          print_of(plain.substr(at - std::min<size_t>(at, 5), std::min<size_t>(at, 5))));
  }
  CHECK(file.head() == print_of(plain.substr(0, kPrintBytes)));

  std::string small = gzip_of("one\n");
  Fd other = file_of(small);
  GzipFile tiny(other.get(), small.size());
  CHECK(tiny.head() == print_of("one\n"));
  CHECK(tiny.head(2) == print_of("on"));
  CHECK(read_all(tiny, 100) == "one\n");
  CHECK(tiny.mark() == print_of("one\n"));
}

TEST_CASE("gzip: of a file that was cut anywhere everything before the cut is read") {
  std::string plain = lines(200);
  std::string packed = gzip_of(plain);
  Fd fd = file_of(packed);
  size_t before = 0;
  for (size_t size = 3; size < packed.size(); ++size) {
    GzipFile file(fd.get(), size);
    std::string got = read_all(file, 100);
    CHECK(plain.starts_with(got));
    CHECK(got.size() >= before);
    CHECK(file.fault().find("it ends too early") != std::string::npos);
    before = got.size();
  }
  CHECK(before == plain.size());  // only its checksum was cut
}

TEST_CASE("gzip: a bit that was turned is noticed, wherever it is") {
  std::string plain = lines(100);
  const std::string packed = gzip_of(plain);
  size_t unnoticed = 0;
  for (size_t at = 0; at < packed.size(); ++at) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    Fd fd = file_of(damaged);
    GzipFile file(fd.get(), damaged.size());
    std::string got = read_all(file, 1000);
    if (file.fault().empty()) {
      ++unnoticed;
      CHECK(got == plain);
    }
  }
  CHECK(unnoticed <= 6);  // its time, its flags of compression and its system mean nothing
}

TEST_CASE("gzip: what stands behind the end is said, and not taken for lines") {
  std::string packed = gzip_of("one\n") + "garbage";
  Fd fd = file_of(packed);
  GzipFile file(fd.get(), packed.size());
  CHECK(read_all(file, 100) == "one\n");
  CHECK(file.left() == 7);
  CHECK(file.fault() == "byte " + std::to_string(packed.size() - 7) + " of " +
                            std::to_string(packed.size()) +
                            ": what stands behind its end is no gzip data");
}
