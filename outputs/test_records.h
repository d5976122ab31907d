// SPDX-License-Identifier: Apache-2.0
// For tests of encoders: records made of lines as the pipeline makes them, and payloads.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/json_text.h"
#include "delivery/payload.h"
#include "outputs/http/backend.h"
#include "outputs/output.h"
#include "parsers/parser.h"

namespace waybill::outputs {

// A source, a configured identity, and records that live as long as this.
class TestRecords {
 public:
  static constexpr int64_t kReadNs = 1'700'000'001'000'000'000;

  TestRecords() {
    source->input = "app";
    source->path = "/var/log/app.log";
    identity.service_name = "checkout";
  }

  // The record of one line, by the parser of that name.
  Record& parse(std::string_view line, std::string_view parser = "json") {
    Record& record = make(line);
    for (const parsers::Descriptor* one : parsers::registry()) {
      if (one->name != parser) continue;
      auto made = one->make(parsers::Settings{});
      REQUIRE(made->parse(*batches.back(), record) == parsers::Outcome::kParsed);
    }
    REQUIRE_FALSE(record.format.empty());
    return record;
  }

  // A record of nothing but a line, to be filled by hand.
  Record& make(std::string_view line) {
    Batch& batch = *batches.emplace_back(std::make_unique<Batch>(budget));
    batch.reset(line.size() + 64);
    batch.sources.push_back(source);
    std::memcpy(batch.room().data(), line.data(), line.size());
    std::memset(batch.room().data() + line.size(), ' ', kPadding);
    Record& record = batch.records.emplace_back();
    record.line = {batch.bytes(), line.size()};
    batch.commit(static_cast<uint32_t>(line.size()));
    record.offset = 4711;
    record.read_ns = record.time_ns = kReadNs;
    for (size_t i = 0; i < record.id.size(); ++i) record.id[i] = static_cast<uint8_t>(i + 0xa0);
    return record;
  }
  Batch& batch() { return *batches.back(); }  // of the newest record

  // The newest record, or all, through a backend.
  void append(http::Backend& backend) { backend.append(batch(), batch().records.front(), payload); }
  std::vector<uint32_t> all() const {
    std::vector<uint32_t> picks(payload.slices.size());
    std::iota(picks.begin(), picks.end(), 0u);
    return picks;
  }
  delivery::Body compose(const http::Backend& backend) const { return compose(backend, all()); }
  delivery::Body compose(const http::Backend& backend, const std::vector<uint32_t>& picks) const {
    delivery::Body body;
    body.bytes.append("left from before");
    backend.compose(payload, picks, body);
    return body;
  }

  ByteBudget budget{size_t{1} << 30};
  std::shared_ptr<Source> source = std::make_shared<Source>();
  Identity identity;
  std::vector<std::unique_ptr<Batch>> batches;
  delivery::Payload payload{budget};
};

// The faults of a section, one a line; "" when an output can be made of it.
inline std::string faults_of(const Descriptor& descriptor, std::string_view yaml) {
  config::Diagnostics diagnostics;
  config::Section section = config::section_from_text("--to", yaml, diagnostics);
  std::unique_ptr<Output> made = descriptor.make(section);
  std::string faults;
  for (const config::Fault& fault : diagnostics.faults()) faults += fault.message + "\n";
  if (faults.empty()) CHECK(made != nullptr);
  return faults;
}

inline Text clean(std::string_view text) { return Text(text, TextForm::kClean); }
inline Text raw(std::string_view text) { return Text(text, TextForm::kRaw); }
inline Text json(std::string_view inside) { return Text(inside, TextForm::kJson); }

// The bytes of a string of hex digits, blanks left out.
inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (char c : hex) {
    if (c != ' ') digits += c;
  }
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

inline std::string to_hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (char c : bytes) {
    hex += digits[static_cast<unsigned char>(c) >> 4];
    hex += digits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

}  // namespace waybill::outputs
