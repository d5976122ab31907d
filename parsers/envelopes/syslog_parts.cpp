// SPDX-License-Identifier: Apache-2.0
#include "parsers/envelopes/syslog.h"

namespace waybill::parsers::syslog {

namespace {

constexpr size_t kLongestTag = 64;

// "1.4.1", of three numbers: with more it is an address, and with less a number.
bool is_version(std::string_view word) {
  bool dots = std::count(word.begin(), word.end(), '.') == 2 && word.find("..") == word.npos;
  return dots && is_digit(word.front()) && is_digit(word.back()) &&
         std::all_of(word.begin(), word.end(), [](char c) { return is_digit(c) || c == '.'; });
}

}  // namespace

void add_number(Envelope& envelope, std::string_view name, std::string_view otherwise,
                std::string_view value) {
  bool number = all_digits(value) && value.size() < 19 && (value[0] != '0' || value.size() == 1);
  envelope.add(number ? name : otherwise, value, number ? JsonType::kNumber : JsonType::kString);
}

void set_process(Envelope& envelope, std::string_view process) {
  envelope.process = process;
  add_number(envelope, "pid", "procid", process);
}

void set_host(Envelope& envelope, std::string_view host) {
  envelope.host = host;
  envelope.add("hostname", host);
}

bool looks_like_host(std::string_view word) {
  if (word.size() < 2 || word.back() == ':' || severity_of_word(word)) return false;
  return std::all_of(word.begin(), word.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == ':';
  });
}

bool read_tag(std::string_view& text, Envelope& envelope) {
  if (text.starts_with(kCookie)) return false;
  std::string_view head = text.substr(0, kLongestTag);
  size_t word_end = word_of(head).size();
  size_t open = head.find('[');
  size_t close = head.find(']', open == std::string_view::npos ? 0 : open);
  // A name with blanks is a tag only together with a process.
  if (open != std::string_view::npos && open > 0 && close != std::string_view::npos &&
      all_digits(head.substr(open + 1, close - open - 1)) &&
      head.substr(0, open).find_first_of(":=\"") == std::string_view::npos) {
    std::string_view rest = text.substr(close + 1);
    bool ends = rest.starts_with(':') || rest.starts_with(' ') || rest.empty();
    if (ends) {
      envelope.program = head.substr(0, open);
      set_process(envelope, head.substr(open + 1, close - open - 1));
      if (rest.starts_with(':')) rest.remove_prefix(1);
      if (rest.starts_with(' ')) rest.remove_prefix(1);
      text = rest;
      return true;
    }
  }
  size_t colon = head.find(':');
  bool ends = colon != std::string_view::npos && colon > 0 &&
              (colon + 1 == text.size() || text[colon + 1] == ' ');
  if (!ends) return false;
  size_t name_end = colon;
  if (word_end < colon) {
    if (word_end + 1 == colon) return false;
    std::string_view version = head.substr(word_end + 1, colon - word_end - 1);
    // Of syslog daemons alone ("rsyslogd 8.2.1: restart"): any other may be said to be upgraded.
    if (!head.substr(0, word_end).ends_with("syslogd") || !is_version(version)) return false;
    name_end = word_end;
    envelope.add("version", version);
  }
  envelope.program = head.substr(0, name_end);
  text.remove_prefix(colon + 1);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

}  // namespace waybill::parsers::syslog
