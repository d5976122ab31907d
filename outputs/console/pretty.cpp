// SPDX-License-Identifier: Apache-2.0
#include "outputs/console/pretty.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include "core/canonical.h"
#include "core/format.h"
#include "core/json_text.h"
#include "outputs/console/colours.h"
#include "outputs/printable.h"

namespace waybill::outputs::console {

namespace {

constexpr std::string_view kIndent = "    ";
constexpr std::string_view kTab = "    ";
constexpr size_t kMaxServiceWidth = 16;
constexpr size_t kShortTrace = 8;  // digits: enough to tell the traces on a screen apart

// Up to the first line end. A carriage return elsewhere is no line end: it is shown.
std::string_view first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

// What stands behind the first line, without empty lines at its ends.
std::string_view further_lines(std::string_view text) {
  text.remove_prefix(std::min(text.find('\n'), text.size()));
  constexpr std::string_view kEnds = "\r\n";
  size_t begin = text.find_first_not_of(kEnds);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kEnds) - begin + 1);
}

// Whether a value would run into its neighbours without quotes.
bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" \t\r\n\"=") != std::string_view::npos;
}

}  // namespace

void Pretty::append(Buffer& out, const Batch& batch, const Record& record,
                    const Identity& identity) {
  put_time(out, record);
  put_level(out, record.level);
  put_service(out, record, identity);
  std::string_view message = characters(record.message, text_);
  append_printable(out, first_line(message), kTab);
  if (record.marks.truncated_bytes != 0) {
    colour(out, kDim);
    out.append(fmt::format(" … ({} bytes cut)", record.marks.truncated_bytes));
    colour(out, kReset);
  }
  put_error(out, record);
  put_fields(out, batch, record);
  put_ids(out, record);
  out.push_back('\n');
  put_lines(out, further_lines(characters(record.message, text_)));
  if (record.error == nullptr) return;
  // A trace that the message holds stands there already, with the error's own words.
  if (message_holds_trace(record)) return;
  put_lines(out, further_lines(characters(record.error->message, text_)));
  std::string_view stack = characters(record.error->stack, text_);
  if (!first_line(stack).empty()) put_lines(out, first_line(stack));
  put_lines(out, further_lines(stack));
}

// ---- the head of the line ----

void Pretty::fill(LocalSecond& local, int64_t second) {
  if (local.second == second) return;
  local.second = second;
  time_t moment = second;
  tm parts{};
  localtime_r(&moment, &parts);
  strftime(local.date, sizeof local.date, "%Y-%m-%d", &parts);
  strftime(local.time, sizeof local.time, "%H:%M:%S", &parts);
}

void Pretty::put_time(Buffer& out, const Record& record) {
  constexpr int64_t kSecond = 1'000'000'000;
  auto floor = [](int64_t ns) { return ns / kSecond - (ns % kSecond < 0 ? 1 : 0); };
  int64_t second = floor(record.time_ns);
  fill(event_, second);
  fill(read_, floor(record.read_ns));
  colour(out, kDim);
  if (std::strcmp(event_.date, read_.date) != 0) {
    out.append(event_.date);
    out.push_back(' ');
  }
  int64_t milliseconds = (record.time_ns - second * kSecond) / 1'000'000;
  char text[8];
  char* end = fmt::format_to(text, ".{:03} ", milliseconds);
  out.append(event_.time);
  out.append(text, static_cast<size_t>(end - text));
  colour(out, kReset);
}

void Pretty::put_level(Buffer& out, Level level) {
  std::string_view name = level_name(level);
  colour(out, level_colour(level));
  out.append(name);
  if (level != Level::kNone) colour(out, kReset);
  out.append(std::string_view("      ").substr(std::min<size_t>(name.size(), 5)));
}

void Pretty::put_service(Buffer& out, const Record& record, const Identity& identity) {
  std::string_view service = characters(service_of(record, identity), value_);
  // Nobody has named it: then it says nothing.
  if (service == "unknown_service") service = {};
  service_width_ = std::max(service_width_, std::min(service.size(), kMaxServiceWidth));
  if (service_width_ == 0) return;
  colour(out, kDim);
  append_printable(out, service, " ");
  colour(out, kReset);
  size_t used = std::min(service.size(), service_width_);
  for (size_t i = used; i < service_width_ + 2; ++i) out.push_back(' ');
}

// ---- what belongs to the message ----

bool Pretty::message_holds_trace(const Record& record) {
  std::string_view stack = characters(record.error->stack, value_);
  if (stack.empty()) return false;
  return characters(record.message, text_).find(stack) != std::string_view::npos;
}

void Pretty::put_error(Buffer& out, const Record& record) {
  if (record.error == nullptr) return;
  const ErrorInfo& error = *record.error;
  bool below = message_holds_trace(record);
  std::string_view words = first_line(characters(error.message, value_));
  // Loggers often repeat the error as the message.
  bool repeated = words == first_line(characters(record.message, text_));
  bool say_words = !words.empty() && !repeated;
  if (!below && (!error.type.empty() || say_words)) {
    out.append("  ");
    colour(out, kRed);
    append_printable(out, characters(error.type, text_), " ");
    if (!error.type.empty() && say_words) out.append(": ");
    if (say_words) append_printable(out, words, " ");
    colour(out, kReset);
  }
  put_pair(out, "code", error.code);
  put_pair(out, "kind", error.kind);
}

void Pretty::put_fields(Buffer& out, const Batch& batch, const Record& record) {
  put_pair(out, "logger", record.logger);
  put_pair(out, "thread", record.thread);
  put_pair(out, "caller", record.caller);
  for_each_context_member(batch, record, [&](const Member& member) {
    std::string_view key = characters(member.key, text_);
    if (member.suffix != 0) {
      value_.clear();
      value_.append(key);
      value_.append(fmt::format("_{}", member.suffix));
      put_key(out, value_.view());
    } else {
      put_key(out, key);
    }
    if (member.type == JsonType::kString) {
      put_value(out, characters(member.text, value_));
    } else {
      value_.clear();
      append_value(value_, record, member);
      append_printable(out, value_.view(), " ");
    }
  });
  if (record.schema_errors.empty()) return;
  put_key(out, "schema_errors");
  append_printable(out, record.schema_errors, " ");
}

void Pretty::put_ids(Buffer& out, const Record& record) {
  put_pair(out, "req", record.request_id);
  put_pair(out, "corr", record.correlation_id);
  put_pair(out, "tenant", record.tenant_id);
  if (record.trace_id.empty()) return;
  std::string_view trace = characters(record.trace_id, text_);
  put_key(out, "trace");
  colour(out, trace_colour(trace));
  append_printable(out, trace.substr(0, kShortTrace), " ");
  colour(out, kReset);
  TraceOrigin origin = record.trace_origin;
  if (origin != TraceOrigin::kInherited && origin != TraceOrigin::kDerived) return;
  colour(out, kDim);
  out.append(" (");
  out.append(trace_origin_name(origin));
  out.push_back(')');
  colour(out, kReset);
}

// ---- pieces ----

void Pretty::put_key(Buffer& out, std::string_view key) {
  out.append("  ");
  colour(out, kDim);
  append_printable(out, key, " ");
  out.push_back('=');
  colour(out, kReset);
}

void Pretty::put_pair(Buffer& out, std::string_view key, Text value) {
  if (value.empty()) return;
  put_key(out, key);
  put_value(out, characters(value, value_));
}

void Pretty::put_value(Buffer& out, std::string_view text) {
  if (!needs_quotes(text)) return append_printable(out, text, "\\t");
  out.push_back('"');
  size_t begin = 0;
  for (size_t quote; (quote = text.find('"', begin)) != std::string_view::npos; begin = quote + 1) {
    append_printable(out, text.substr(begin, quote - begin), "\\t");
    out.append("\\\"");
  }
  append_printable(out, text.substr(begin), "\\t");
  out.push_back('"');
}

void Pretty::put_lines(Buffer& out, std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    colour(out, kDim);
    out.append(kIndent);
    append_printable(out, line, kTab);
    colour(out, kReset);
    out.push_back('\n');
  }
}

void Pretty::colour(Buffer& out, std::string_view code) const {
  append_colour(out, colours_, code);
}

// The view lives until `scratch` is used again.
std::string_view Pretty::characters(Text text, Buffer& scratch) const {
  if (text.form != TextForm::kJson) return text.bytes();
  scratch.clear();
  append_characters(scratch, text);
  return scratch.view();
}

}  // namespace waybill::outputs::console
