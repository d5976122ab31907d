// SPDX-License-Identifier: Apache-2.0
// Formats: text in one of the forms that are known by name (tables/).
#include <algorithm>
#include <memory>
#include <vector>

#include "core/json_text.h"
#include "parsers/common/prose.h"
#include "parsers/formats/formats.h"
#include "parsers/formats/memory.h"
#include "parsers/parser.h"

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
    line = unindented(line);
    std::string_view whole = line;
    Subject subject{line, zone_, record.time_ns};
    const Format* format = find(source, subject);
    size_t end = format == nullptr && record.lines > 1 ? line.find('\n') : line.npos;
    if (end != line.npos) {
      // What ends a line of the form is not at the end of an event of several lines.
      line = line.substr(0, end);
      Subject first{line, zone_, record.time_ns};
      format = find(source, first);
    }
    if (format == nullptr) return Outcome::kNotMine;
    if (!is_clean_utf8(batch, record, whole)) {
      line = whole.substr(0, end == whole.npos ? end : whole.find('\n'));
      Subject again{line, zone_, record.time_ns};
      if (!format->pattern.match(again, match_)) return Outcome::kNotMine;
    }
    fill(batch, record, line, whole, *format);
    return Outcome::kParsed;
  }

  bool claims(std::string_view line, const Source& source, int64_t near_ns) override {
    Subject subject{unindented(line), zone_, near_ns};
    return find(source, subject) != nullptr && (match_.time || match_.severity);
  }

 private:
  static std::string_view unindented(std::string_view line) {
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    return line;
  }

  static bool is_form(std::string_view name) {
    static const std::vector<std::string_view> all = names();
    return std::find(all.begin(), all.end(), name) != all.end();
  }

  const Format* find(const Source& source, Subject& subject) {
    // Of an envelope's name the line inside is meant, which may be of any form.
    bool any = source.format == "auto" || source.format == "formats" || !is_form(source.format);
    if (!any) return formats_.find(subject, match_, source.format);
    if (forms_.empty()) return find_or_remember(subject, source.number);
    for (const std::string& form : forms_) {
      if (const Format* format = formats_.find(subject, match_, form)) return format;
    }
    return nullptr;
  }

  const Format* find_or_remember(Subject& subject, uint64_t stream) {
    if (subject.line.empty()) return nullptr;
    // PostgreSQL's mark may stand anywhere.
    if (subject.has_colon_and_blanks()) return formats_.find(subject, match_, {});
    uint64_t shape = shape_of(stream, subject.line);
    Memory::Entry& entry = memory_.at(shape);
    if (entry.shape != shape) return find_and_remember(subject, shape, entry);
    bool known = !entry.open && (!entry.may_be_time || is_timed(subject) == entry.timed);
    if (!known) return formats_.find(subject, match_, {});
    for (size_t i = 0; i < entry.undecided_count; ++i) {
      if (entry.undecided[i]->pattern.match(subject, match_)) return entry.undecided[i];
    }
    if (entry.format == nullptr) return nullptr;
    if (entry.format->pattern.match(subject, match_)) return entry.format;
    return formats_.find(subject, match_, {});
  }

  const Format* find_and_remember(Subject& subject, uint64_t shape, Memory::Entry& entry) {
    subject.measures = true;
    Undecided undecided(kFrontBytes);
    const Format* format = formats_.find(subject, match_, {}, &undecided);
    bool open = undecided.count > Undecided::kMost;
    bool may_be_time = may_begin_with_time(subject.line);
    entry = {shape,
             format,
             undecided.formats,
             static_cast<uint8_t>(undecided.count),
             open,
             may_be_time,
             may_be_time && is_timed(subject)};
    return format;
  }

  static bool is_timed(Subject& subject) {
    return subject.time(subject.line.front() == '[').has_value();
  }

  // Patterns look at ASCII alone, so a repaired copy matches as well.
  static bool is_clean_utf8(Batch& batch, Record& record, std::string_view& line) {
    std::string_view repaired = Prose::repaired(batch, record, line);
    if (repaired.data() == line.data()) return true;
    line = repaired;
    return false;
  }

  // CSV doubles the quotes inside a value.
  static std::string_view single_quotes(Batch& batch, std::string_view value) {
    size_t at = value.find("\"\"");
    if (at == value.npos) return value;
    char* copy = batch.arena.allocate(value.size());
    char* to = copy;
    for (size_t i = 0; i < value.size(); ++i) {
      *to++ = value[i];
      if (value[i] == '"' && value.substr(i + 1).starts_with('"')) ++i;
    }
    return {copy, static_cast<size_t>(to - copy)};
  }

  // `whole`: `line`, and those behind it.
  void fill(Batch& batch, Record& record, std::string_view line, std::string_view whole,
            const Format& format) {
    record.format = format.name;
    prose_.begin(batch, record);
    std::string_view message = whole;
    bool request = false;
    for (size_t i = 0; i < match_.count; ++i) {
      const Capture& capture = match_.captures[i];
      std::string_view value = capture.value;
      if (capture.type == Type::kCsv) value = single_quotes(batch, value);
      switch (capture.place) {
        case Place::kMessage:
          message = value;
          request = capture.name.empty();
          if (whole.size() > line.size() && !request) {
            message = whole.substr(static_cast<size_t>(capture.value.data() - whole.data()));
          }
          break;
        case Place::kLogger: record.logger = raw_text(value); break;
        case Place::kThread: record.thread = raw_text(value); break;
        case Place::kCaller: record.caller = raw_text(value); break;
        case Place::kNowhere: break;
        case Place::kContext:
          if (capture.name == "header") {
            prose_.note_header(batch, value);
            break;
          }
          prose_.add(batch, capture.name, value,
                     capture.type == Type::kNum ? JsonType::kNumber : JsonType::kString);
      }
    }
    Prose::set_time(record, match_.time);
    prose_.set_level(record, match_.severity, match_.level_word);
    if (message.empty()) message = whole;
    // XML is no prose.
    prose_.finish(batch, record, message, !request && line.front() != '<');
  }

  TimeZone zone_;
  Prose prose_;
  std::vector<std::string> forms_;  // only these; empty: all
  Formats formats_;
  Match match_;
  Memory memory_;
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
