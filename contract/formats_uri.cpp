// SPDX-License-Identifier: Apache-2.0
// RFC 3986 and RFC 6570, character by character.
#include "contract/formats.h"
#include "core/ascii.h"

namespace waybill::contract {

namespace {

bool is_one_of(char c, std::string_view set) { return set.find(c) != set.npos; }

// Which characters beyond ASCII may stand unescaped: none, or (RFC 3987, ucschar) all but controls.
enum class Script { kAscii, kAll };

// Whether all is unreserved, sub-delims, percent-encoded, or one of `more`.
bool consists_of(std::string_view text, std::string_view more, Script script) {
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
    } else if ((c & 0x80) != 0) {
      bool control = c == '\xC2' && static_cast<unsigned char>(text[i + 1]) < 0xA0;
      if (script == Script::kAscii || control) return false;
    } else if (!is_letter(c) && !is_digit(c) && !is_one_of(c, "-._~!$&'()*+,;=") &&
               !is_one_of(c, more)) {
      return false;
    }
  }
  return true;
}

bool is_literal_address(std::string_view inside) {
  if (inside.empty() || (inside.front() | 0x20) != 'v') return is_ipv6(inside);
  size_t point = inside.find('.');
  if (point == inside.npos || point < 2 || point + 1 == inside.size()) return false;
  for (char c : inside.substr(1, point - 1)) {
    if (!is_hex(c)) return false;
  }
  std::string_view rest = inside.substr(point + 1);
  return !is_one_of('%', rest) && consists_of(rest, ":", Script::kAscii);
}

bool is_authority(std::string_view text, Script script) {
  if (size_t at = text.rfind('@'); at != text.npos) {
    if (!consists_of(text.substr(0, at), ":", script)) return false;
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    size_t close = text.find(']');
    if (close == text.npos || !is_literal_address(text.substr(1, close - 1))) return false;
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':') return false;
  } else {
    size_t colon = std::min(text.find(':'), text.size());
    if (!consists_of(text.substr(0, colon), "", script)) return false;
    port = text.substr(colon);
  }
  for (char c : port.substr(port.empty() ? 0 : 1)) {
    if (!is_digit(c)) return false;
  }
  return true;
}

// The length of the scheme, if the text begins with one and a colon; else 0.
size_t scheme_of(std::string_view text) {
  if (text.empty() || !is_letter(text.front())) return 0;
  size_t at = 1;
  while (at < text.size() &&
         (is_letter(text[at]) || is_digit(text[at]) || is_one_of(text[at], "+-."))) {
    ++at;
  }
  return at < text.size() && text[at] == ':' ? at : 0;
}

// What stands behind the scheme; or a reference without one.
bool is_rest(std::string_view text, bool relative, Script script) {
  if (size_t hash = text.find('#'); hash != text.npos) {
    if (!consists_of(text.substr(hash + 1), ":@/?", script)) return false;
    text = text.substr(0, hash);
  }
  if (size_t query = text.find('?'); query != text.npos) {
    if (!consists_of(text.substr(query + 1), ":@/?", script)) return false;
    text = text.substr(0, query);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    size_t path = std::min(text.find('/'), text.size());
    return is_authority(text.substr(0, path), script) &&
           consists_of(text.substr(path), ":@/", script);
  }
  // Else its first step would be a scheme.
  if (relative && text.substr(0, text.find('/')).find(':') != text.npos) return false;
  return consists_of(text, ":@/", script);
}

bool is_absolute(std::string_view text, Script script) {
  size_t scheme = scheme_of(text);
  return scheme > 0 && is_rest(text.substr(scheme + 1), false, script);
}

bool is_template_name(std::string_view name) {
  bool begins = true;  // a part, behind a point or at the front
  for (size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    if (c == '.' && !begins) {
      begins = true;
      continue;
    }
    begins = false;
    if (c == '%') {
      if (i + 2 >= name.size() || !is_hex(name[i + 1]) || !is_hex(name[i + 2])) return false;
      i += 2;
    } else if (!is_letter(c) && !is_digit(c) && c != '_') {
      return false;
    }
  }
  return !begins;
}

bool is_template_variable(std::string_view text) {
  if (text.ends_with('*')) return is_template_name(text.substr(0, text.size() - 1));
  size_t colon = text.find(':');
  if (colon == text.npos) return is_template_name(text);
  std::string_view length = text.substr(colon + 1);
  if (length.empty() || length.size() > 4 || length.front() == '0') return false;
  for (char c : length) {
    if (!is_digit(c)) return false;
  }
  return is_template_name(text.substr(0, colon));
}

bool is_template_expression(std::string_view text) {
  if (!text.empty() && is_one_of(text.front(), "+#./;?&=,!@|")) {
    if (is_one_of(text.front(), "=,!@|")) return false;  // reserved for later
    text.remove_prefix(1);
  }
  while (true) {
    size_t end = std::min(text.find(','), text.size());
    if (!is_template_variable(text.substr(0, end))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

bool is_uri(std::string_view text) { return is_absolute(text, Script::kAscii); }
bool is_iri(std::string_view text) { return is_absolute(text, Script::kAll); }

bool is_uri_reference(std::string_view text) {
  return is_uri(text) || is_rest(text, true, Script::kAscii);
}
bool is_iri_reference(std::string_view text) {
  return is_iri(text) || is_rest(text, true, Script::kAll);
}

bool is_uri_template(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '{') {
      size_t end = text.find('}', i);
      if (end == text.npos || !is_template_expression(text.substr(i + 1, end - i - 1))) {
        return false;
      }
      i = end;
    } else if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
    } else if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || is_one_of(c, "\"<>\\^`|}")) {
      return false;
    }
  }
  return true;
}

}  // namespace waybill::contract
