// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <zlib.h>

#include <cstdio>

#include "delivery/test_support.h"
#include "outputs/http/file_watch.h"
#include "outputs/http/gzip.h"
#include "outputs/http/http_date.h"
#include "outputs/zstd.h"

namespace waybill::outputs::http {
namespace {

using delivery::test::TempFolder;
using delivery::test::write_file;

TEST_CASE("http: a file that is replaced, gone or there again has changed") {
  TempFolder folder;
  write_file(folder / "a", "one");
  FileWatch watch({folder / "a", folder / "b"});
  CHECK_FALSE(watch.changed());
  write_file(folder / "new", "one");
  REQUIRE(std::rename((folder / "new").c_str(), (folder / "a").c_str()) == 0);
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
  write_file(folder / "b", "");
  CHECK(watch.changed());
  REQUIRE(std::remove((folder / "b").c_str()) == 0);
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
  CHECK(FileWatch({}).empty());
}

TEST_CASE("http: the date of a server") {
  CHECK(read_http_date(" Sun, 06 Nov 1994 08:49:37 GMT\r\n") == 784111777);  // RFC 9110
  CHECK(read_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
  CHECK(read_http_date("Tue, 29 Feb 2028 23:59:60 GMT") == 1835481600);
  for (const char* text : {"", "now", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                           "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 ovD 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, -6 Nov 1994 08:49:37 GMT"}) {
    CHECK_MESSAGE(!read_http_date(text), text);
  }
}

std::string unpacked(std::string_view gzip) {
  std::string plain(1 << 20, '\0');
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  CHECK(stream.avail_in == 0);
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

TEST_CASE("compression: levels may change from call to call") {
  REQUIRE(load_zstd());
  std::string plain;
  for (int i = 0; i < 5000; ++i) plain += std::to_string(i % 97) + " some words ";
  for (int level : {1, 9, 9, 1}) {
    Buffer gzip, zstd;
    gzip.append("before");
    append_gzip(gzip, plain, level);
    append_zstd(zstd, plain, level);
    CHECK(gzip.view().substr(0, 8) == "before\x1f\x8b");
    CHECK(unpacked(gzip.view().substr(6)) == plain);
    CHECK(zstd.view().substr(0, 4) == "\x28\xb5\x2f\xfd");
    CHECK(gzip.size() < plain.size() / 4);
    CHECK(zstd.size() < plain.size() / 4);
  }
}

}  // namespace
}  // namespace waybill::outputs::http
