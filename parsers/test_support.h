// SPDX-License-Identifier: Apache-2.0
// What the unit tests of all parsers share: a line in, its record out.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_text.h"
#include "core/test_support.h"
#include "parsers/line_parser.h"

namespace waybill::parsers::testing {

constexpr int64_t kReadNs = 1'767'323'045'000'000'000;  // 2026-01-02T03:04:05Z

struct Setup {
  std::string format = "auto";
  bool network = false;
  bool trust_service = true;
  Level default_level = Level::kInfo;
  std::string zone = "UTC";
  std::vector<std::string> formats = {"auto"};  // as in `parse.formats`
  std::vector<UserPattern> patterns = {};
};

// One line, parsed. Lineage has not looked at it: trace fields are pointed out, not lifted.
class Parsed {
 public:
  explicit Parsed(std::string_view line, const Setup& setup = {}) : lines_(source_of(setup)) {
    Settings settings;
    settings.default_level = setup.default_level;
    auto zone = TimeZone::find(setup.zone);
    if (zone) settings.default_zone = *zone;
    settings.patterns = setup.patterns;
    // Kept: names of fields may be its own.
    parser_ = std::make_unique<LineParser>(settings, setup.formats);
    Record& record = lines_.put(line, kReadNs);
    parser_->parse(lines_.batch(), record);
  }

  const Record& record() { return lines_.record(); }
  const Record* operator->() { return &lines_.record(); }
  Batch& batch() { return lines_.batch(); }

  // Everything that the line itself decides, in canonical form.
  std::string json() const {
    return lines_.canonical(part::kLevel | part::kServiceName | part::kIds | part::kMessage |
                            part::kCode | part::kError | part::kContext);
  }
  // The record's time as it is written, or "" when the line had none.
  std::string time() {
    if (!record().time_said) return "";
    char text[40];
    return std::string(text, write_rfc3339(record().time_ns, record().time_digits, text));
  }
  std::string canonical(const Identity& identity = {}) const {
    return lines_.canonical(part::kAll, identity);
  }
  std::string canonical_parts(uint32_t parts) const { return lines_.canonical(parts); }
  std::string message() { return plain(record().message); }
  std::string plain(Text text) {
    Buffer out;
    append_characters(out, text);
    return std::string(out.view());
  }
  // The value, as JSON, of a field that was pointed out for lineage; "" without one.
  std::string pointed(uint32_t TraceFields::*field) {
    uint32_t index = record().trace_fields.*field;
    if (index == 0) return "";
    Buffer out;
    Member member = record().token_count > 0
                        ? detail::member_of(record(), batch().tokens_of(record())[index - 1])
                        : detail::member_of(batch().fields_of(record())[index - 1]);
    append_value(out, record(), member);
    return std::string(out.view());
  }

 private:
  static Source source_of(const Setup& setup) {
    Source source = waybill::testing::Lines::plain_source();
    source.format = setup.format;
    source.network = setup.network;
    source.trust_service = setup.trust_service;
    return source;
  }

  std::unique_ptr<LineParser> parser_;
  waybill::testing::Lines lines_;
};

}  // namespace waybill::parsers::testing
