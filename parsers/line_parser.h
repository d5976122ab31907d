// SPDX-License-Identifier: Apache-2.0
// LineParser: takes a line out of its envelopes and gives it to the parser that understands it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/envelopes/wrapping.h"
#include "parsers/parser.h"

namespace waybill::parsers {

// One per pipeline, used by its thread alone.
class LineParser {
 public:
  // `formats` as in `parse.formats`: names of parsers, or "auto" for all of them. They hold for
  // sources whose own format is "auto".
  LineParser(const Settings& settings, const std::vector<std::string>& formats);

  // Fills the record from its line. Always succeeds: a line that none of the allowed parsers wants
  // is the message in full, format "none", with its UTF-8 repaired. unwrap(), parse() with what
  // that found, and errors::note_error().
  void parse(Batch& batch, Record& record);

  // Takes the line out of its envelopes, and out of a partial one no further. What comes back is
  // good until forget().
  Wrapping unwrap(Batch& batch, Record& record);
  // Goes on with what is inside of `wrapping`, which has become another text since.
  void unwrap_inside(Batch& batch, Record& record, Wrapping& wrapping);
  void parse(Batch& batch, Record& record, const Wrapping& wrapping);
  // Whether what is inside has a form, known by name, that says when it was written or how bad it
  // is: it is no part of the line before.
  bool claims(const Batch& batch, const Record& record, const Wrapping& wrapping);
  // Lets all envelopes go.
  void forget() { envelopes_.clear(); }
  // Of what unwrap() keeps: how much there is, and without what came since then.
  uint32_t mark() const { return envelopes_.size(); }
  void forget_since(uint32_t mark) {
    while (envelopes_.size() > mark) envelopes_.take_back();
  }

  // The envelopes of a line, the outermost first; good until the next unwrap().
  std::span<const Envelope> envelopes(const Wrapping& wrapping) const {
    return wrapping.depth == 0 ? std::span<const Envelope>()
                               : std::span(&envelopes_[wrapping.first], wrapping.depth);
  }

  // Every parser that would be tried for this source, in order (for `explain`).
  std::vector<std::string_view> candidates(const Source& source) const;

 private:
  struct Entry {
    std::string_view name;
    std::shared_ptr<Parser> parser;
    std::vector<std::string_view> forms;
  };
  void add(const Descriptor& descriptor, const Settings& settings, const std::string& format);
  static bool wanted(const Entry& entry, const Source& source);

  bool take_off(Batch& batch, Record& record, const Source& source, Wrapping& wrapping);
  void parse_inside(Batch& batch, Record& record, const Source& source, bool wrapped);
  void apply(Batch& batch, Record& record, const Envelope& envelope);

  // A container's line that holds a syslog line that holds another, and no deeper.
  static constexpr uint32_t kDeepest = 3;

  std::vector<Entry> all_;   // what `format` of a source may name, in the order of the registry
  std::vector<Entry> auto_;  // those of the others, in the order in which they are tried
  TimeZone zone_;
  bool unwraps_ = false;  // with `format: auto`
  EnvelopePool envelopes_;
};

}  // namespace waybill::parsers
