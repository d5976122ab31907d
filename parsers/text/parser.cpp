// SPDX-License-Identifier: Apache-2.0
// Text: any line at all. What stands before the message (time, level, thread, logger) is taken off
// it, key=value pairs inside it are noted and left where they are, and what is not understood is
// the message in full.
#include "parsers/parser.h"
#include "core/json_text.h"
#include "parsers/common/prose.h"
#include "parsers/text/header.h"

namespace waybill::parsers::text {

namespace {

constexpr std::string_view kName = "text";

class TextParser final : public Parser {
 public:
  explicit TextParser(const Settings& settings) : zone_(settings.default_zone), prose_(settings) {}

  Outcome parse(Batch& batch, Record& record) override {
    std::string_view line = Prose::clean(batch, record);
    record.format = kName;
    Header header = read_header(line, zone_, record.time_ns);
    std::string_view message = line.substr(header.size);
    if (message.empty()) {  // nothing but a header: then that is what was said
      message = line;
      header.thread = header.logger = header.caller = {};
      header.pid = header.line = header.context = {};
    }
    Prose::set_time(record, header.time);
    if (!header.thread.empty()) record.thread = raw_text(header.thread);
    if (!header.logger.empty()) record.logger = raw_text(header.logger);
    if (!header.caller.empty()) record.caller = raw_text(header.caller);
    prose_.set_level(record, header.severity ? header.severity : level_of_first_words(message),
                     header.level_word);
    prose_.begin(batch, record);
    if (!header.pid.empty()) add_number(batch, "pid", header.pid);
    if (!header.line.empty()) add_number(batch, "line", header.line);
    prose_.note_header(batch, header.context);
    prose_.finish(batch, record, message);
    return Outcome::kParsed;
  }

 private:
  // JSON has no number with leading zeros.
  void add_number(Batch& batch, std::string_view name, std::string_view digits) {
    bool zeros = digits.size() > 1 && digits.front() == '0';
    prose_.add(batch, name, digits, zeros ? JsonType::kString : JsonType::kNumber);
  }

  TimeZone zone_;
  Prose prose_;
};

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{
      kName, "any line: leading time, level, [thread] and logger, key=value pairs",
      [](const Settings& settings) -> std::unique_ptr<Parser> {
        return std::make_unique<TextParser>(settings);
      }};
  return made;
}

}  // namespace waybill::parsers::text
