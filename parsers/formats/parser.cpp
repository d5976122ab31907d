// SPDX-License-Identifier: Apache-2.0
// Formats: text in one of the forms that are known by name (tables/).
#include "parsers/parser.h"
#include "core/json_text.h"
#include "parsers/common/prose.h"
#include "parsers/formats/formats.h"

namespace waybill::parsers::formats {

namespace {

class FormatsParser final : public Parser {
 public:
  explicit FormatsParser(const Settings& settings)
      : zone_(settings.default_zone), prose_(settings), forms_(settings.forms) {}

  Outcome parse(Batch& batch, Record& record) override {
    const Source& source = batch.source_of(record);
    std::string_view line = record.line;
    // Colours stand in front of what a pattern begins with.
    if (line.find('\x1b') != line.npos) line = Prose::clean(batch, record);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    bool any = source.format == "auto" || source.format == "formats";
    Subject subject{line, zone_, record.time_ns};
    const Format* format = nullptr;
    if (!any) {
      format = formats_.find(subject, match_, source.format);
    } else if (forms_.empty()) {
      format = formats_.find(subject, match_, {});
    }
    for (size_t i = 0; any && format == nullptr && i < forms_.size(); ++i) {
      format = formats_.find(subject, match_, forms_[i]);
    }
    if (format == nullptr) return Outcome::kNotMine;
    if (!is_clean_utf8(batch, record, line)) {
      Subject again{line, zone_, record.time_ns};
      if (!format->pattern.match(again, match_)) return Outcome::kNotMine;
    }
    fill(batch, record, line, *format);
    return Outcome::kParsed;
  }

 private:
  // Patterns look at ASCII alone, so a repaired copy matches as well.
  static bool is_clean_utf8(Batch& batch, Record& record, std::string_view& line) {
    std::string_view repaired = Prose::repaired(batch, record, line);
    if (repaired.data() == line.data()) return true;
    line = repaired;
    return false;
  }

  void fill(Batch& batch, Record& record, std::string_view line, const Format& format) {
    record.format = format.name;
    prose_.begin(batch, record);
    std::string_view message = line;
    bool request = false;
    for (size_t i = 0; i < match_.count; ++i) {
      const Capture& capture = match_.captures[i];
      switch (capture.place) {
        case Place::kMessage:
          message = capture.value;
          request = capture.name.empty();
          break;
        case Place::kLogger: record.logger = raw_text(capture.value); break;
        case Place::kThread: record.thread = raw_text(capture.value); break;
        case Place::kCaller: record.caller = raw_text(capture.value); break;
        case Place::kNowhere: break;
        case Place::kContext:
          prose_.add(batch, capture.name, capture.value,
                     capture.type == Type::kNum ? JsonType::kNumber : JsonType::kString);
      }
    }
    Prose::set_time(record, match_.time);
    prose_.set_level(record, match_.severity, match_.level_word);
    if (message.empty()) message = line;
    prose_.finish(batch, record, message, !request);
  }

  TimeZone zone_;
  Prose prose_;
  std::vector<std::string> forms_;  // only these; empty: all
  Formats formats_;
  Match match_;
};

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{"formats", "text in a form that is known by name",
                               [](const Settings& settings) -> std::unique_ptr<Parser> {
                                 return std::make_unique<FormatsParser>(settings);
                               },
                               names};
  return made;
}

}  // namespace waybill::parsers::formats
