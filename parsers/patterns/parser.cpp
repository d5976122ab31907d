// SPDX-License-Identifier: Apache-2.0
// Patterns: text in one of the forms that the user has described in `parse.patterns`.
#include <algorithm>

#include "core/check.h"
#include "core/json_text.h"
#include "parsers/common/lift.h"
#include "parsers/patterns/pattern.h"

namespace waybill::parsers::patterns {

namespace {

constexpr std::string_view kName = "patterns";

class PatternsParser final : public Parser {
 public:
  explicit PatternsParser(const Settings& settings)
      : lift_(settings.default_zone), default_level_(settings.default_level) {
    for (const UserPattern& pattern : settings.patterns) {
      auto made = compile(pattern);
      WAYBILL_CHECK(made.has_value(), "a pattern was not checked before it is used");
      all_.push_back(std::move(*made));
    }
    // What parse.formats names, in its order.
    for (const std::string& form : settings.forms) chosen_.push_back(find(form));
    if (settings.forms.empty()) {
      for (const Pattern& pattern : all_) chosen_.push_back(&pattern);
    }
  }

  Outcome parse(Batch& batch, Record& record) override {
    bool repaired = false;
    std::string_view line = seen_by_patterns(record.line, batch.arena, repaired);
    const std::string& format = batch.source_of(record).format;
    const Pattern* matched = nullptr;
    if (const Pattern* own = format == "auto" ? nullptr : find(format)) {
      if (own->engine->match(line, batch.arena, match_)) matched = own;
    } else {
      for (size_t i = 0; i < chosen_.size() && matched == nullptr; ++i) {
        if (chosen_[i]->engine->match(line, batch.arena, match_)) matched = chosen_[i];
      }
    }
    if (matched == nullptr) return Outcome::kNotMine;
    record.marks.repaired = repaired;
    fill(batch, record, line, *matched);
    return Outcome::kParsed;
  }

 private:
  const Pattern* find(std::string_view name) const {
    auto found = std::find_if(all_.begin(), all_.end(),
                              [&](const Pattern& pattern) { return pattern.name == name; });
    return found == all_.end() ? nullptr : &*found;
  }

  void fill(Batch& batch, Record& record, std::string_view line, const Pattern& pattern) {
    record.format = pattern.name;
    record.first_field = static_cast<uint32_t>(batch.fields.size());
    lift_.begin(record);
    for (size_t i = 0; i < pattern.groups.size(); ++i) {
      if (match_.groups[i].data() == nullptr) continue;
      const Group& group = pattern.groups[i];
      Field field;
      field.key = Text(group.key, TextForm::kClean);
      set_value(field, match_.groups[i], group.type, batch.arena);
      batch.fields.push_back(field);
      // Of a line that is not matched from end to end the message is all of it: nothing is lost.
      bool lifted = group.known != nullptr && (match_.whole || group.known->slot != Slot::kMessage);
      if (lifted) {
        lift_.offer(*group.known, detail::member_of(field), record.field_count, batch.arena);
      }
      ++record.field_count;
    }
    if (record.field_count == 0) record.first_field = 0;
    lift_.settle(batch, record);
    if (record.message.empty()) record.message = raw_text(line);
    if (record.level_said) return;
    record.level = default_level_;
    record.severity = static_cast<uint8_t>(4 * static_cast<int>(default_level_) + 1);
  }

  std::vector<Pattern> all_;
  std::vector<const Pattern*> chosen_;  // of sources that name no pattern themselves
  Match match_;
  Lift lift_;
  Level default_level_;
};

std::vector<std::string_view> names(const Settings& settings) {
  std::vector<std::string_view> names;
  for (const UserPattern& pattern : settings.patterns) names.push_back(pattern.name);
  return names;
}

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{kName, "text in a form of your own (parse.patterns)",
                               [](const Settings& settings) -> std::unique_ptr<Parser> {
                                 if (settings.patterns.empty()) return nullptr;
                                 return std::make_unique<PatternsParser>(settings);
                               },
                               names};
  return made;
}

}  // namespace waybill::parsers::patterns
