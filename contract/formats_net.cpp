// SPDX-License-Identifier: Apache-2.0
#include "contract/formats.h"

#include <algorithm>

#include "contract/formats_label.h"
#include "core/ascii.h"

namespace waybill::contract {

namespace {

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
    return false;
  }
  for (char c : label) {
    if (!is_letter(c) && !is_digit(c) && c != '-') return false;
  }
  if (label.size() < 4 || label[2] != '-' || label[3] != '-') return true;
  bool marked = (label[0] | 0x20) == 'x' && (label[1] | 0x20) == 'n';
  return marked ? is_a_label(label.substr(4)) : true;
}

// What may stand in a local part without quotes (RFC 5322, atext; RFC 6531 adds all beyond ASCII).
bool is_atom(char c, bool wide) {
  return (wide && (c & 0x80) != 0) || is_letter(c) || is_digit(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// RFC 5321, 4.1.2: Quoted-string.
bool is_quoted(std::string_view local, bool wide) {
  if (local.size() < 2 || local.back() != '"') return false;
  local = local.substr(1, local.size() - 2);
  for (size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '"') return false;
    bool escape = local[i] == '\\';
    if (escape && ++i == local.size()) return false;
    auto c = static_cast<unsigned char>(local[i]);
    if (c < 0x20 || c == 0x7F || (c > 0x7F && (!wide || escape))) return false;
  }
  return true;
}

bool is_local(std::string_view local, bool wide) {
  if (local.starts_with('"')) return is_quoted(local, wide);
  char last = '.';
  for (char c : local) {
    if (c == '.' ? last == '.' : !is_atom(c, wide)) return false;
    last = c;
  }
  return last != '.';
}

bool is_mailbox(std::string_view text, bool wide) {
  size_t at = text.rfind('@');
  if (at == text.npos || !is_local(text.substr(0, at), wide)) return false;
  std::string_view domain = text.substr(at + 1);
  if (!domain.starts_with('[')) return wide ? is_idn_hostname(domain) : is_hostname(domain);
  if (!domain.ends_with(']')) return false;
  domain = domain.substr(1, domain.size() - 2);
  return domain.starts_with("IPv6:") ? is_ipv6(domain.substr(5)) : is_ipv4(domain);
}

}  // namespace

bool is_ipv4(std::string_view text) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) {
      if (text.empty() || text.front() != '.') return false;
      text.remove_prefix(1);
    }
    size_t digits = 0;
    int value = 0;
    while (digits < text.size() && digits < 3 && is_digit(text[digits])) {
      value = value * 10 + (text[digits++] - '0');
    }
    if (digits == 0 || value > 255 || (digits > 1 && text.front() == '0')) return false;
    text.remove_prefix(digits);
  }
  return text.empty();
}

bool is_ipv6(std::string_view text) {
  int groups = 0;
  bool gap = text.starts_with("::");
  if (gap) text.remove_prefix(2);
  while (!text.empty()) {
    size_t digits = 0;
    while (digits < text.size() && digits < 5 && is_hex(text[digits])) ++digits;
    if (digits < text.size() && text[digits] == '.') {
      groups += 2;
      return is_ipv4(text) && (gap ? groups < 8 : groups == 8);
    }
    if (digits == 0 || digits > 4 || ++groups > 8) return false;
    text.remove_prefix(digits);
    if (text.empty()) break;
    if (text.front() != ':') return false;
    text.remove_prefix(1);
    if (text.empty()) return false;
    if (text.front() != ':') continue;
    if (gap) return false;
    gap = true;
    text.remove_prefix(1);
  }
  return gap ? groups < 8 : groups == 8;
}

bool is_hostname(std::string_view text) {
  if (text.size() > 253) return false;
  while (true) {
    size_t end = std::min(text.find('.'), text.size());
    if (!is_label(text.substr(0, end))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_email(std::string_view text) { return is_mailbox(text, false); }
bool is_idn_email(std::string_view text) { return is_mailbox(text, true); }

}  // namespace waybill::contract
