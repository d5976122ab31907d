// SPDX-License-Identifier: Apache-2.0
// What the tests of Loki's backend share: one record through settings, and what Loki reads of it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <snappy.h>

#include <protozero/pbf_reader.hpp>

#include "outputs/loki/encoder.h"
#include "outputs/test_records.h"

namespace waybill::outputs::loki::test {

inline std::vector<http::Url> test_urls() {
  auto url = http::parse_url("http://loki:3100");
  REQUIRE(url);
  return {*url};
}

struct Entry {
  int64_t time_ns = 0;
  std::string line;
  std::vector<std::pair<std::string, std::string>> metadata;
};
using Streams = std::map<std::string, std::vector<Entry>>;

// A push request read by another program than the one that wrote it.
inline Streams decode(const delivery::Body& body) {
  std::string plain;
  REQUIRE(snappy::Uncompress(body.bytes.data(), body.bytes.size(), &plain));
  CHECK(plain.size() == body.plain_size);
  Streams streams;
  protozero::pbf_reader request(plain);
  while (request.next()) {
    REQUIRE(request.tag() == 1);
    protozero::pbf_reader stream = request.get_message();
    REQUIRE(stream.next(1));
    std::string labels = stream.get_string();
    CHECK(streams.count(labels) == 0);
    while (stream.next()) {
      REQUIRE(stream.tag() == 2);
      protozero::pbf_reader fields = stream.get_message();
      Entry entry;
      while (fields.next()) {
        protozero::pbf_reader inner;
        switch (fields.tag()) {
          case 1:
            inner = fields.get_message();
            while (inner.next()) {
              int64_t value = inner.get_int64();
              entry.time_ns += inner.tag() == 1 ? value * 1'000'000'000 : value;
            }
            break;
          case 2: entry.line = fields.get_string(); break;
          default: {
            REQUIRE(fields.tag() == 3);
            inner = fields.get_message();
            REQUIRE(inner.next(1));
            std::string name = inner.get_string();
            REQUIRE(inner.next(2));
            entry.metadata.emplace_back(name, inner.get_string());
          }
        }
      }
      streams[labels].push_back(std::move(entry));
    }
  }
  return streams;
}

// One record through settings; what Loki gets of it.
struct One {
  TestRecords records;
  Settings settings;
  std::unique_ptr<Backend> backend;

  void prepare() {
    backend = std::make_unique<Backend>(settings, test_urls());
    REQUIRE(backend->prepare(records.identity));
  }
  std::pair<std::string, Entry> send() {
    if (!backend) prepare();
    records.append(*backend);
    Streams streams = decode(records.compose(*backend));
    REQUIRE(streams.size() == 1);
    REQUIRE(streams.begin()->second.size() == 1);
    return {streams.begin()->first, streams.begin()->second.front()};
  }
};

}  // namespace waybill::outputs::loki::test
