// SPDX-License-Identifier: Apache-2.0
// logfmt: a line that is nothing but key=value pairs (kr/logfmt, go-logfmt).
#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "core/ascii.h"
#include "parsers/common/lift.h"
#include "parsers/common/pairs.h"
#include "parsers/common/repair.h"
#include "parsers/parser.h"

namespace waybill::parsers::logfmt {

namespace {

constexpr std::string_view kName = "logfmt";
// So many pairs make a line logfmt though none of its keys is known to us.
constexpr uint32_t kEnoughPairs = 3;

size_t skip_blanks(std::string_view text, size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

class LogfmtParser final : public Parser {
 public:
  explicit LogfmtParser(const Settings& settings)
      : lift_(settings.default_zone), default_level_(settings.default_level) {}

  Outcome parse(Batch& batch, Record& record) override {
    std::string_view line = record.line;
    if (!begins_with_pair(line)) return Outcome::kNotMine;
    bool repaired = !is_utf8(line);
    if (repaired) line = repair_utf8(line, batch.arena);
    auto first = static_cast<uint32_t>(batch.fields.size());
    record.first_field = first;
    bool only_pairs = read(batch, line);
    record.field_count = static_cast<uint32_t>(batch.fields.size()) - first;
    if (only_pairs) {
      cut_twins(batch, record);
      offer(batch, record);
    }
    if (!only_pairs || (!speaks() && record.field_count < kEnoughPairs)) {
      batch.fields.resize(first);
      record.first_field = 0;
      record.field_count = 0;
      record.marks.duplicate_keys = 0;
      return Outcome::kNotMine;
    }
    record.format = kName;
    record.marks.repaired = repaired;
    lift_.settle(batch, record);
    if (!record.level_said) {
      record.level = default_level_;
      record.severity = static_cast<uint8_t>(4 * static_cast<int>(default_level_) + 1);
    }
    return Outcome::kParsed;
  }

 private:
  static bool begins_with_pair(std::string_view line) {
    size_t at = skip_blanks(line, 0);
    Pair pair;
    // Looking at the first word alone: most lines of text end the search here.
    size_t end = at;
    while (end < line.size() && !is_blank(line[end])) ++end;
    return next_pair(line.substr(0, end), at, pair) && pair.begin == at;
  }

  static size_t word_end(std::string_view line, size_t at) {
    while (at < line.size() && !is_blank(line[at])) ++at;
    return at;
  }

  // In prose a bare value ends at a comma or bracket; here it goes on to the next blank. False when
  // more pairs, or a quoted text, seem to follow without one.
  static bool reach_blank(std::string_view line, Pair& pair) {
    size_t end = word_end(line, pair.end);
    if (end == pair.end) return true;
    std::string_view more = line.substr(pair.end, end - pair.end);
    if (pair.quoted || more.find_first_of("=\"") != more.npos) return false;
    pair.value = {pair.value.data(), pair.value.size() + more.size()};
    pair.end = end;
    return true;
  }

  // Appends a field per pair. False when anything stands between pairs but blanks.
  static bool read(Batch& batch, std::string_view line) {
    size_t at = skip_blanks(line, 0);
    Pair pair;
    while (at < line.size()) {
      // `key=` is an empty value (kr/logfmt); a bare word makes the line prose. Looked at first: to
      // find the next pair behind every one of them would be quadratic.
      size_t end = word_end(line, at);
      std::string_view word = line.substr(at, end - at);
      if (word.ends_with('=') && is_key(word.substr(0, word.size() - 1))) {
        pair = Pair{word.substr(0, word.size() - 1), {word.data() + word.size(), 0}, true, at, end};
      } else if (!next_pair(line, at, pair) || pair.begin != at) {
        return false;
      }
      if (!reach_blank(line, pair)) return false;
      batch.fields.push_back(field_of(pair, batch.arena));
      at = skip_blanks(line, pair.end);
    }
    return true;
  }

  void offer(Batch& batch, const Record& record) {
    lift_.begin(record);
    for (uint32_t i = 0; i < record.field_count; ++i) {
      const Field& field = batch.fields[record.first_field + i];
      const Name* name = field.cut ? nullptr : find_name(field.key.bytes());
      if (name != nullptr) lift_.offer(*name, detail::member_of(field), i, batch.arena);
    }
  }

  // Whether the line has one of the keys that only a logger writes.
  bool speaks() const {
    return lift_.has(Slot::kLevel) || lift_.has(Slot::kMessage) || lift_.has(Slot::kTime);
  }

  // Of equal keys the last one wins, and the others are counted. Lines have few pairs: compare all
  // of them; of a line with many, sort them first.
  void cut_twins(Batch& batch, Record& record) {
    constexpr uint32_t kFew = 24;
    Field* fields = batch.fields.data() + record.first_field;
    auto cut_if_twins = [&](uint32_t earlier, uint32_t later) {
      if (fields[earlier].key.bytes() != fields[later].key.bytes()) return false;
      fields[earlier].cut = true;
      ++record.marks.duplicate_keys;
      return true;
    };
    if (record.field_count <= kFew) {
      for (uint32_t later = 1; later < record.field_count; ++later) {
        for (uint32_t earlier = 0; earlier < later; ++earlier) {
          if (!fields[earlier].cut) cut_if_twins(earlier, later);
        }
      }
      return;
    }
    keys_.clear();
    for (uint32_t i = 0; i < record.field_count; ++i) {
      keys_.emplace_back(std::hash<std::string_view>{}(fields[i].key.bytes()), i);
    }
    std::sort(keys_.begin(), keys_.end());
    for (size_t i = 0; i < keys_.size(); ++i) {
      // Equal hashes stand together in the order of the line; real collisions pass.
      for (size_t k = i + 1; k < keys_.size() && keys_[k].first == keys_[i].first; ++k) {
        if (cut_if_twins(keys_[i].second, keys_[k].second)) break;
      }
    }
  }

  std::vector<std::pair<size_t, uint32_t>> keys_;  // scratch: hash and index of a long line's keys
  Lift lift_;
  Level default_level_;
};

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{kName, "a line of key=value pairs and nothing else",
                               [](const Settings& settings) -> std::unique_ptr<Parser> {
                                 return std::make_unique<LogfmtParser>(settings);
                               }};
  return made;
}

}  // namespace waybill::parsers::logfmt
