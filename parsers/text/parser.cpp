// SPDX-License-Identifier: Apache-2.0
// Text: any line at all. What stands before the message (time, level, thread) is taken off it,
// key=value pairs inside it are noted and left where they are, and what is not understood is the
// message in full.
#include "parsers/parser.h"
#include "core/cut.h"
#include "core/json_text.h"
#include "parsers/common/lift.h"
#include "parsers/common/pairs.h"
#include "parsers/common/repair.h"
#include "parsers/text/prefix.h"

namespace waybill::parsers::text {

namespace {

constexpr std::string_view kName = "text";
constexpr uint32_t kMostPairs = 64;

// Names whose value in the middle of a message is not the record's own.
bool liftable(Slot slot) {
  return slot != Slot::kTime && slot != Slot::kTimeNanos && slot != Slot::kMessage &&
         slot != Slot::kOwnContext && slot != Slot::kRecordId && slot != Slot::kService;
}

uint8_t severity_number(Level level) {
  return static_cast<uint8_t>(4 * static_cast<int>(level) + 1);
}

class TextParser final : public Parser {
 public:
  explicit TextParser(const Settings& settings)
      : zone_(settings.default_zone),
        lift_(settings.default_zone),
        default_level_(settings.default_level) {}

  Outcome parse(Batch& batch, Record& record) override {
    std::string_view line = strip_ansi(record.line, batch.arena);
    if (!is_utf8(line)) {
      line = repair_utf8(line, batch.arena);
      record.marks.repaired = true;
    }
    record.format = kName;
    Prefix prefix = read_prefix(line, zone_, record.read_ns);
    std::string_view message = line.substr(prefix.size);
    if (message.empty()) {  // nothing but a prefix: then that is what was said
      message = line;
      prefix.thread = {};
    }
    record.message = raw_text(message);
    if (prefix.time) {
      record.time_ns = prefix.time->ns;
      record.time_digits = prefix.time->digits;
      record.time_said = true;
    }
    if (!prefix.thread.empty()) record.thread = raw_text(prefix.thread);
    set_level(record, prefix, message);
    lift_pairs(batch, record, message);
    return Outcome::kParsed;
  }

 private:
  void set_level(Record& record, const Prefix& prefix, std::string_view message) const {
    auto severity = prefix.severity ? prefix.severity : level_of_first_words(message);
    // An inferred level counts as said; the default does not.
    record.level_said = severity.has_value();
    record.level = severity ? severity->level : default_level_;
    record.severity = severity ? severity->number : severity_number(default_level_);
    std::string_view word = prefix.level_word;
    std::string_view name = level_name(record.level);
    bool same = word.size() == name.size();
    for (size_t i = 0; same && i < word.size(); ++i) same = (word[i] & ~0x20) == name[i];
    if (!word.empty() && !same) record.level_text = raw_text(word);
  }

  void lift_pairs(Batch& batch, Record& record, std::string_view message) {
    Pair pair;
    if (!next_pair(message, 0, pair)) return;
    auto first = static_cast<uint32_t>(batch.fields.size());
    uint32_t count = 0;
    do {
      cut_twin(batch, first, count, pair.key);
      batch.fields.push_back(field_of(pair, batch.arena));
      ++count;
    } while (count < kMostPairs && next_pair(message, pair.end, pair));
    record.first_field = first;
    record.field_count = count;
    offer(batch, record);
    Text message_text = record.message;
    Text thread = record.thread;
    lift_.settle(batch, record);
    record.message = message_text;
    if (thread) record.thread = thread;
  }

  void offer(Batch& batch, const Record& record) {
    lift_.begin(record);
    for (uint32_t i = 0; i < record.field_count; ++i) {
      const Field& field = batch.fields[record.first_field + i];
      // zap's T, L, M … mean that in JSON alone.
      if (field.cut || field.key.size == 1) continue;
      const Name* name = find_name(field.key.bytes());
      if (name == nullptr || !liftable(name->slot)) continue;
      if (record.level_said && name->slot == Slot::kLevel) continue;
      lift_.offer(*name, detail::member_of(field), i, batch.arena);
    }
  }

  // Of equal keys the last one wins. In a message that is a manner of speaking, not a mistake.
  static void cut_twin(Batch& batch, uint32_t first, uint32_t count, std::string_view key) {
    for (uint32_t i = first; i < first + count; ++i) {
      if (batch.fields[i].key.bytes() == key) batch.fields[i].cut = true;
    }
  }

  TimeZone zone_;
  Lift lift_;
  Level default_level_;
};

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{kName, "any line: leading time, level and [thread], key=value pairs",
                               [](const Settings& settings) -> std::unique_ptr<Parser> {
                                 return std::make_unique<TextParser>(settings);
                               }};
  return made;
}

}  // namespace waybill::parsers::text
