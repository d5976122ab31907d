// SPDX-License-Identifier: Apache-2.0
// What the tests of OTLP's backend share: one record through settings, and what a receiver reads of
// it.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <protozero/pbf_reader.hpp>

#include "outputs/otlp/encoder.h"
#include "outputs/test_records.h"

namespace waybill::outputs::otlp::test {

using protozero::pbf_reader;

inline std::vector<http::Url> test_urls() {
  auto url = http::parse_url("http://otel:4318/base/");
  REQUIRE(url);
  return {*url};
}

// What the encoder wrote, as text: read by another program than the one that wrote it.
// s:text i:7 d:0.5 b:true, [a, b], {k=v, …}, null.
std::string any_text(pbf_reader any);

inline std::string pairs_text(pbf_reader list, uint32_t tag,
                              std::vector<std::string>* keys = nullptr) {
  std::string text;
  while (list.next(tag)) {
    pbf_reader pair = list.get_message();
    REQUIRE(pair.next(1));
    std::string key = pair.get_string();
    REQUIRE(pair.next(2));
    if (!text.empty()) text += ", ";
    text += key + "=" + any_text(pair.get_message());
    CHECK_FALSE(pair.next());
    if (keys != nullptr) keys->push_back(key);
  }
  return text;
}

inline std::string any_text(pbf_reader any) {
  if (!any.next()) return "null";
  std::string text;
  switch (any.tag()) {
    case 1: text = "s:" + any.get_string(); break;
    case 2: text = any.get_bool() ? "b:true" : "b:false"; break;
    case 3: text = fmt::format("i:{}", any.get_int64()); break;
    case 4: text = fmt::format("d:{}", any.get_double()); break;
    case 5: {
      pbf_reader values = any.get_message();
      while (values.next(1)) text += (text.empty() ? "" : ", ") + any_text(values.get_message());
      text = "[" + text + "]";
      break;
    }
    case 6: text = "{" + pairs_text(any.get_message(), 1) + "}"; break;
    default: FAIL("an AnyValue of an unknown kind");
  }
  CHECK_FALSE(any.next());
  return text;
}

struct LogRecord {
  uint64_t time = 0, observed = 0;
  int severity = 0;
  std::string severity_text, body = "absent", attributes, trace_id, span_id;
  int64_t flags = -1;
};
struct ScopeLogs {
  std::string name;
  std::vector<LogRecord> records;
};
struct ResourceLogs {
  std::string resource;
  std::vector<ScopeLogs> scopes;
};

inline LogRecord decode_record(pbf_reader fields) {
  LogRecord record;
  pbf_reader copy = fields;
  while (fields.next()) {
    switch (fields.tag()) {
      case 1: record.time = fields.get_fixed64(); break;
      case 2: record.severity = fields.get_enum(); break;
      case 3: record.severity_text = fields.get_string(); break;
      case 5: record.body = any_text(fields.get_message()); break;
      case 6: fields.skip(); break;
      case 8: record.flags = fields.get_fixed32(); break;
      case 9: record.trace_id = to_hex(fields.get_string()); break;
      case 10: record.span_id = to_hex(fields.get_string()); break;
      case 11: record.observed = fields.get_fixed64(); break;
      default: FAIL("an unknown field of LogRecord");
    }
  }
  std::vector<std::string> keys;
  record.attributes = pairs_text(copy, 6, &keys);
  std::sort(keys.begin(), keys.end());
  CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
  return record;
}

inline std::vector<ResourceLogs> decode(const delivery::Body& body) {
  CHECK(body.plain_size == body.bytes.size());
  std::vector<ResourceLogs> all;
  pbf_reader request(body.bytes.data(), body.bytes.size());
  while (request.next()) {
    REQUIRE(request.tag() == 1);
    pbf_reader fields = request.get_message();
    ResourceLogs& logs = all.emplace_back();
    while (fields.next()) {
      if (fields.tag() == 1) {
        logs.resource = pairs_text(fields.get_message(), 1);
        continue;
      }
      REQUIRE(fields.tag() == 2);
      pbf_reader inner = fields.get_message();
      ScopeLogs& scope = logs.scopes.emplace_back();
      while (inner.next()) {
        if (inner.tag() == 1) {
          pbf_reader named = inner.get_message();
          REQUIRE(named.next(1));
          scope.name = named.get_string();
        } else {
          REQUIRE(inner.tag() == 2);
          scope.records.push_back(decode_record(inner.get_message()));
        }
      }
      CHECK_FALSE(scope.records.empty());  // no empty envelopes
    }
  }
  return all;
}

constexpr std::string_view kUid = "log.record.uid=s:a0a1a2a3a4a5a6a7a8a9aaabacadaeaf";

struct One {
  TestRecords records;
  Settings settings;
  std::unique_ptr<Backend> backend;

  One() { records.source->path.clear(); }
  void prepare() {
    backend = std::make_unique<Backend>(settings, test_urls());
    REQUIRE(backend->prepare(records.identity));
  }
  std::vector<ResourceLogs> send_all() {
    if (!backend) prepare();
    return decode(records.compose(*backend));
  }
  LogRecord send() {
    if (!backend) prepare();
    records.payload.clear();
    records.append(*backend);
    auto all = send_all();
    REQUIRE(all.size() == 1);
    REQUIRE(all[0].scopes.size() == 1);
    REQUIRE(all[0].scopes[0].records.size() == 1);
    return all[0].scopes[0].records[0];
  }
  // The attributes of a line but for its uid.
  std::string attributes_of(std::string_view line) {
    records.parse(line);
    std::string text = send().attributes;
    REQUIRE(text.substr(0, kUid.size()) == kUid);
    return text.size() > kUid.size() ? text.substr(kUid.size() + 2) : "";
  }
};

}  // namespace waybill::outputs::otlp::test
