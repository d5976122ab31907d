// SPDX-License-Identifier: Apache-2.0
// RFC 5424.
#include <array>
#include <cstring>

#include "core/json_text.h"
#include "parsers/envelopes/syslog.h"

namespace waybill::parsers::syslog {

namespace {

std::string_view in_arena(Arena& arena, std::string_view first, std::string_view second) {
  char* copy = arena.allocate(first.size() + second.size() + 1);
  std::memcpy(copy, first.data(), first.size());
  copy[first.size()] = '.';
  std::memcpy(copy + first.size() + 1, second.data(), second.size());
  return {copy, first.size() + second.size() + 1};
}

// A value between quotes; '"', '\' and ']' have a backslash before them (section 6.3.3).
bool read_value(std::string_view& text, Arena& arena, std::string_view& value) {
  size_t end = 1;
  bool escaped = false;
  for (; end < text.size() && text[end] != '"'; ++end) {
    if (text[end] == '\\') {
      escaped = true;
      ++end;
    }
  }
  if (end >= text.size()) return false;
  value = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  if (!escaped) return true;
  char* out = arena.allocate(value.size());
  size_t size = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    constexpr std::string_view special = "\"\\]";
    bool quoted = value[i] == '\\' && i + 1 < value.size() &&
                  special.find(value[i + 1]) != std::string_view::npos;
    out[size++] = value[quoted ? ++i : i];
  }
  value = {out, size};
  return true;
}

// "[id name="value" …]…", or "-".
bool read_structured_data(std::string_view& text, Arena& arena, Envelope& envelope) {
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    return text.empty() || text.front() == ' ';
  }
  if (!text.starts_with('[')) return false;
  while (text.starts_with('[')) {
    text.remove_prefix(1);
    size_t end = text.find_first_of(" ]=\"");
    if (end == 0 || end == std::string_view::npos || text[end] == '=' || text[end] == '"') {
      return false;
    }
    std::string_view id = text.substr(0, end);
    text.remove_prefix(end);
    skip_blanks(text);
    bool empty = true;
    while (!text.empty() && text.front() != ']') {
      size_t equals = text.find_first_of("= ]\"");
      if (equals == 0 || equals == std::string_view::npos || text[equals] != '=') return false;
      std::string_view name = text.substr(0, equals);
      text.remove_prefix(equals + 1);
      skip_blanks(text);
      std::string_view value;
      if (!text.starts_with('"') || !read_value(text, arena, value)) return false;
      envelope.add(in_arena(arena, id, name), value);
      empty = false;
      skip_blanks(text);
    }
    if (text.empty()) return false;
    text.remove_prefix(1);
    if (empty) envelope.add(id, "");
  }
  return text.empty() || text.front() == ' ';
}

using Header = std::array<std::string_view, 5>;

void set_header(const Header& header, Envelope& envelope) {
  if (header[1] != "-") set_host(envelope, header[1]);
  if (header[2] != "-") envelope.program = header[2];
  if (header[3] != "-") set_process(envelope, header[3]);
  if (header[4] != "-") envelope.add("msgid", header[4]);
}

// What a sender that leaves structured data out, or fields before it, has put in their place is
// the message.
std::string_view loose_message(const Header& header, std::string_view behind_host,
                               std::string_view behind_header, Envelope& envelope) {
  bool iso = header[0].size() > 10 && header[0][10] == 'T';
  bool nil = header[3] == "-" || header[4] == "-";
  if (iso && !header[4].empty() && (nil || behind_header.starts_with('['))) {
    set_header(header, envelope);
    return behind_header;
  }
  if (header[1] != "-") set_host(envelope, header[1]);
  return behind_host;
}

}  // namespace

bool read_5424(std::string_view text, const EnvelopeContext& context, Envelope& envelope) {
  std::string_view version = word_of(text);
  if (!all_digits(version) || version.size() > 3 || version[0] == '0') return false;
  text.remove_prefix(version.size());
  std::array<std::string_view, 5> header;
  std::string_view behind_host;
  for (size_t i = 0; i < header.size(); ++i) {
    if (!text.starts_with(' ')) break;
    skip_blanks(text);
    if (i == 2) behind_host = text;
    header[i] = word_of(text);
    text.remove_prefix(header[i].size());
  }
  if (header[1].empty()) return false;
  if (header[0] != "-") {
    envelope.time = time_of_text(header[0], context.zone, context.near_ns);
    if (!envelope.time) return false;
  }
  skip_blanks(text);
  const size_t fields = envelope.fields.size();
  std::string_view message = text;
  if (!header[4].empty()) {
    set_header(header, envelope);
    if (read_structured_data(message, context.arena, envelope)) {
      if (!message.empty()) message.remove_prefix(1);
      if (message.starts_with("\xEF\xBB\xBF")) message.remove_prefix(3);
      envelope.inside = message;
      return true;
    }
  }
  if (!envelope.time) return false;
  envelope.fields.resize(fields);
  envelope.program = envelope.process = envelope.host = {};
  envelope.inside = loose_message(header, behind_host, text, envelope);
  return true;
}

}  // namespace waybill::parsers::syslog
