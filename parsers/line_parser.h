// SPDX-License-Identifier: Apache-2.0
// LineParser: takes a line out of its envelopes and gives it to the parser that understands it.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/envelopes/envelope.h"
#include "parsers/parser.h"

namespace waybill::parsers {

// One per pipeline, used by its thread alone.
class LineParser {
 public:
  // `formats` as in `parse.formats`: names of parsers, or "auto" for all of them. They hold for
  // sources whose own format is "auto".
  LineParser(const Settings& settings, const std::vector<std::string>& formats);

  // Fills the record from its line. Always succeeds: a line that none of the allowed parsers wants
  // is the message in full, format "none", with its UTF-8 repaired.
  void parse(Batch& batch, Record& record);

  // The envelopes that the last line was in, the outermost first.
  std::span<const Envelope> envelopes() const { return {envelopes_.data(), depth_}; }

  // Every parser that would be tried for this source, in order (for `explain`).
  std::vector<std::string_view> candidates(const Source& source) const;

 private:
  struct Entry {
    std::string_view name;
    std::unique_ptr<Parser> parser;
    std::vector<std::string_view> forms;
    bool in_auto;
  };
  static bool wanted(const Entry& entry, const Source& source);

  void unwrap(Batch& batch, Record& record, const Source& source);
  void parse_inside(Batch& batch, Record& record, const Source& source);
  void apply(Batch& batch, Record& record, const Envelope& envelope);

  // A container's line that holds a syslog line that holds another, and no deeper.
  static constexpr size_t kDeepest = 3;

  std::vector<Entry> entries_;
  TimeZone zone_;
  bool unwraps_ = false;  // with `format: auto`
  std::array<Envelope, kDeepest> envelopes_;
  size_t depth_ = 0;
};

}  // namespace waybill::parsers
