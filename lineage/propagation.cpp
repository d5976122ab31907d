// SPDX-License-Identifier: Apache-2.0
#include "lineage/propagation.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/ascii.h"
#include "core/percent.h"
#include "lineage/hex.h"

namespace waybill::lineage {

namespace {

constexpr size_t kTraceparentSize = 55;
constexpr int kMostMembers = 32;
constexpr size_t kLongestMemberPart = 256;
// 32 members of 256 + 1 + 256 bytes and what stands between them.
constexpr size_t kLongestState = kMostMembers * (2 * kLongestMemberPart + 1) + 1024;

// Digits of an id that may be shorter: zeros are put before them. False: too many, none, all zero,
// or no lower-case hex digits.
template <typename Digits>
bool pad(std::string_view text, std::optional<Digits>& out) {
  Digits digits;
  digits.fill('0');
  if (text.empty() || text.size() > digits.size() || !all_lower_hex(text) || all_zero(text)) {
    return false;
  }
  std::memcpy(digits.data() + digits.size() - text.size(), text.data(), text.size());
  out = digits;
  return true;
}

// The same of exactly that many digits.
template <typename Digits>
bool exact(std::string_view text, std::optional<Digits>& out) {
  return text.size() == Digits{}.size() && pad(text, out);
}

bool b3_trace(std::string_view text, std::optional<TraceDigits>& out) {
  return (text.size() == 32 || text.size() == 16) && pad(text, out);
}

bool hex_of_decimal(std::string_view text, SpanDigits& out) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) return false;
  for (size_t i = out.size(); i-- > 0; value >>= 4) out[i] = "0123456789abcdef"[value & 15];
  return true;
}

// Cuts what stands before `separator` off the front of `text`; all of it where there is none.
std::string_view next_part(std::string_view& text, char separator, bool& more) {
  size_t end = text.find(separator);
  more = end != text.npos;
  std::string_view part = text.substr(0, end);
  text = more ? text.substr(end + 1) : std::string_view();
  return part;
}

// The flags of B3's sampling state; -2: none.
int16_t b3_state(std::string_view text) {
  if (text == "1" || text == "d") return 1;
  return text == "0" ? int16_t{0} : int16_t{-2};
}

bool is_state_key(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         (!first && (c == '_' || c == '-' || c == '*' || c == '/' || c == '@'));
}
bool is_state_value(char c) { return c >= 0x20 && c <= 0x7E && c != ',' && c != '='; }

// The size of a member at the beginning of `text`, blanks at its end left out; 0: there is none.
size_t state_member(std::string_view text) {
  size_t key = 0;
  while (key < text.size() && is_state_key(text[key], key == 0)) ++key;
  if (key == 0 || key > kLongestMemberPart || key == text.size() || text[key] != '=') return 0;
  size_t end = key + 1;
  while (end < text.size() && is_state_value(text[end])) ++end;
  size_t last = end;
  while (last > key + 1 && text[last - 1] == ' ') --last;
  size_t size = last - key - 1;
  return size >= 1 && size <= kLongestMemberPart ? last : 0;
}

size_t skip_blanks(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

// Reads members from the beginning on. Returns the end of the last one; `whole`: whether they, and
// what may stand between and around them, are all of `text`.
size_t read_state(std::string_view text, bool& whole) {
  whole = false;
  size_t good = 0;
  int members = 0;
  for (size_t at = skip_blanks(text, 0);; at = skip_blanks(text, at + 1)) {
    if (at < text.size() && text[at] != ',') {
      size_t size = state_member(text.substr(at));
      if (size == 0 || ++members > kMostMembers) return good;
      good = at + size;
      at = skip_blanks(text, good);
    }
    if (at >= text.size()) break;
    if (text[at] != ',') return good;
  }
  whole = members > 0;
  return good;
}

}  // namespace

std::optional<Traceparent> parse_traceparent(std::string_view text) {
  text = trimmed(text);
  if (text.size() < kTraceparentSize) return std::nullopt;
  std::string_view version = text.substr(0, 2);
  if (!all_lower_hex(version) || version == "ff" || text[2] != '-' || text[35] != '-' ||
      text[52] != '-') {
    return std::nullopt;
  }
  Traceparent parsed{text.substr(3, 32), text.substr(36, 16), 0};
  std::string_view flags = text.substr(53, 2);
  if (!all_lower_hex(parsed.trace_id) || !all_lower_hex(parsed.span_id) || !all_lower_hex(flags) ||
      all_zero(parsed.trace_id) || all_zero(parsed.span_id)) {
    return std::nullopt;
  }
  if (text.size() > kTraceparentSize && (version == "00" || text[kTraceparentSize] != '-')) {
    return std::nullopt;
  }
  std::from_chars(flags.data(), flags.data() + 2, parsed.flags, 16);
  // Of a version that we do not know only the sampled bit has a meaning.
  if (version != "00") parsed.flags &= 1;
  return parsed;
}

bool is_tracestate(std::string_view text) {
  bool whole = false;
  if (text.size() <= kLongestState) read_state(text, whole);
  return whole;
}

size_t tracestate_prefix(std::string_view text) {
  bool whole = false;
  return read_state(text.substr(0, kLongestState), whole);
}

std::optional<std::string_view> baggage_member(std::string_view baggage, std::string_view name,
                                               Arena& arena) {
  for (bool more = true; more;) {
    std::string_view member = next_part(baggage, ',', more);
    bool properties = false;
    std::string_view pair = next_part(member, ';', properties);
    bool has_value = false;
    std::string_view key = trimmed(next_part(pair, '=', has_value));
    if (!has_value || key != name) continue;
    std::string_view value = trimmed(pair);
    if (value.empty()) return std::nullopt;
    if (value.find('%') == value.npos) return value;
    char* decoded = arena.allocate(value.size());
    char* end = percent_decode(value, decoded);
    if (end == nullptr) return std::nullopt;
    return std::string_view(decoded, static_cast<size_t>(end - decoded));
  }
  return std::nullopt;
}

std::optional<TraceContext> parse_b3(std::string_view text) {
  text = trimmed(text);
  TraceContext context;
  context.flags = b3_state(text);
  if (context.flags >= 0) return context;
  context.flags = -1;
  bool more = false;
  if (!b3_trace(next_part(text, '-', more), context.trace_id) || !more) return std::nullopt;
  if (!exact(next_part(text, '-', more), context.span_id)) return std::nullopt;
  if (!more) return context;
  std::string_view part = next_part(text, '-', more);
  if (part.size() == 1) {
    context.flags = b3_state(part);
    if (context.flags < 0) return std::nullopt;
    if (!more) return context;
    part = next_part(text, '-', more);
  }
  if (more || !exact(part, context.parent_span_id)) return std::nullopt;
  return context;
}

std::optional<TraceContext> parse_b3_headers(const B3Headers& headers) {
  TraceContext context;
  if (!b3_trace(trimmed(headers.trace_id), context.trace_id)) return std::nullopt;
  if (!exact(trimmed(headers.span_id), context.span_id)) return std::nullopt;
  if (headers.parent_span_id.data() != nullptr &&
      !exact(trimmed(headers.parent_span_id), context.parent_span_id)) {
    return std::nullopt;
  }
  if (headers.sampled.data() != nullptr) {
    std::string_view state = trimmed(headers.sampled);
    if (state == "true" || state == "1" || state == "d") {
      context.flags = 1;
    } else if (state == "false" || state == "0") {
      context.flags = 0;
    } else {
      return std::nullopt;
    }
  }
  if (trimmed(headers.flags) == "1") context.flags = 1;  // debug: sampled whatever else is said
  return context;
}

std::optional<TraceContext> parse_jaeger(std::string_view text) {
  text = trimmed(text);
  std::array<std::string_view, 4> parts;
  for (size_t i = 0; i < parts.size(); ++i) {
    size_t colon = text.find(':');
    size_t coded = std::min(text.find("%3A"), text.find("%3a"));
    size_t end = std::min(colon, coded);
    if ((end == text.npos) != (i == 3)) return std::nullopt;
    parts[i] = text.substr(0, end);
    if (end != text.npos) text.remove_prefix(end + (coded < colon ? 3 : 1));
  }
  TraceContext context;
  std::string_view flags = parts[3];
  unsigned bits = 0;
  auto [end, error] = std::from_chars(flags.data(), flags.data() + flags.size(), bits, 16);
  if (flags.empty() || flags.size() > 2 || error != std::errc{} ||
      end != flags.data() + flags.size()) {
    return std::nullopt;
  }
  context.flags = (bits & 3) != 0 ? 1 : 0;  // sampled, or debug
  char lower[48];
  if (parts[0].size() > 32 || parts[1].size() > 16) return std::nullopt;
  std::string_view trace = lowered(parts[0], lower);
  std::string_view span = lowered(parts[1], lower + 32);
  if (!pad(trace, context.trace_id) || !pad(span, context.span_id)) return std::nullopt;
  return context;
}

std::optional<TraceContext> parse_xray(std::string_view text) {
  TraceContext context;
  for (bool more = true; more;) {
    std::string_view part = next_part(text, ';', more);
    bool has_value = false;
    std::string_view key = trimmed(next_part(part, '=', has_value));
    std::string_view value = trimmed(part);
    if (key == "Root") {
      // The time may be shortened; the random part is 24 digits always.
      size_t dash = value.rfind('-');
      if (!value.starts_with("1-") || dash < 3 || dash > 10 || value.size() != dash + 25) {
        return std::nullopt;
      }
      char digits[32];
      std::memset(digits, '0', 8);
      std::string_view time = value.substr(2, dash - 2);
      lowered(time, digits + 8 - time.size());
      lowered(value.substr(dash + 1), digits + 8);
      if (!exact({digits, sizeof digits}, context.trace_id)) return std::nullopt;
    } else if (key == "Parent") {
      char digits[16];
      if (value.size() != sizeof digits || !exact(lowered(value, digits), context.span_id)) {
        return std::nullopt;
      }
    } else if (key == "Sampled" && (value == "0" || value == "1")) {
      context.flags = value == "1" ? 1 : 0;
    }
  }
  if (!context.trace_id) return std::nullopt;
  return context;
}

std::optional<TraceContext> parse_google(std::string_view text) {
  text = trimmed(text);
  bool options = false;
  std::string_view ids = next_part(text, ';', options);
  bool has_span = false;
  std::string_view trace = next_part(ids, '/', has_span);
  TraceContext context;
  char digits[32];
  if (trace.size() != sizeof digits || !exact(lowered(trace, digits), context.trace_id)) {
    return std::nullopt;
  }
  SpanDigits span;
  if (!ids.empty() && ids != "0") {
    if (!hex_of_decimal(ids, span)) return std::nullopt;
    context.span_id = span;
  }
  if (text == "o=1" || text == "o=3") context.flags = 1;
  if (text == "o=0" || text == "o=2") context.flags = 0;
  return context;
}

std::optional<TraceContext> parse_datadog(const DatadogHeaders& headers) {
  TraceContext context;
  SpanDigits lower;
  if (!hex_of_decimal(trimmed(headers.trace_id), lower)) return std::nullopt;
  TraceDigits digits;
  digits.fill('0');
  std::memcpy(digits.data() + 16, lower.data(), 16);
  std::string_view tags = headers.tags;
  constexpr std::string_view upper_tag = "_dd.p.tid";
  for (bool more = !tags.empty(); more;) {
    std::string_view tag = next_part(tags, ',', more);
    bool has_value = false;
    std::string_view key = trimmed(next_part(tag, '=', has_value));
    std::string_view value = trimmed(tag);
    if (key == upper_tag && value.size() == 16 && all_lower_hex(value)) {
      std::memcpy(digits.data(), value.data(), 16);
    }
  }
  context.trace_id = digits;
  SpanDigits span;
  if (headers.parent_id.data() != nullptr && hex_of_decimal(trimmed(headers.parent_id), span)) {
    context.span_id = span;
  }
  std::string_view text = trimmed(headers.priority);
  int priority = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), priority);
  if (!text.empty() && error == std::errc{} && end == text.data() + text.size()) {
    context.flags = priority > 0 ? 1 : 0;
  }
  return context;
}

namespace {

// As OpenTelemetry's console exporters write ids.
std::string_view without_0x(std::string_view text) {
  return text.size() > 2 && text[1] == 'x' && text[0] == '0' ? text.substr(2) : text;
}

}  // namespace

std::optional<TraceDigits> normalise_trace_id(std::string_view text, bool decimal) {
  text = without_0x(trimmed(text));
  // "projects/…/traces/<id>"; not looked for in what has the size of an id.
  const bool may_be_path = text.size() != 32 && text.size() != 16;
  if (size_t slash = may_be_path ? text.rfind('/') : text.npos; slash != text.npos) {
    text.remove_prefix(slash + 1);
  }
  TraceDigits id;
  id.fill('0');
  if (decimal) {
    SpanDigits lower;
    if (!hex_of_decimal(text, lower)) return std::nullopt;
    std::memcpy(id.data() + 16, lower.data(), 16);
    return id;
  }
  char hex[32];
  auto count = copy_hex(text, hex, sizeof hex);
  if (!count || (*count != 32 && *count != 16)) return std::nullopt;
  std::memcpy(id.data() + 32 - *count, hex, *count);
  if (all_zero(view(id))) return std::nullopt;
  return id;
}

std::optional<SpanDigits> normalise_span_id(std::string_view text, bool decimal) {
  text = without_0x(trimmed(text));
  SpanDigits id;
  if (decimal) {
    if (!hex_of_decimal(text, id)) return std::nullopt;
    return id;
  }
  auto count = copy_hex(text, id.data(), id.size());
  if (!count || *count != id.size() || all_zero(view(id))) return std::nullopt;
  return id;
}

int16_t parse_flags(std::string_view text) {
  if (text == "true" || text == "True") return 1;
  if (text == "false" || text == "False") return 0;
  unsigned flags = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), flags, 16);
  bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && text.size() <= 2 ? static_cast<int16_t>(flags) : int16_t{-1};
}

bool says_no_id(std::string_view text) {
  text = without_0x(trimmed(text));
  constexpr std::array<std::string_view, 9> words = {"",     "-",     "null",      "nil", "none",
                                                     "None", "<nil>", "undefined", "N/A"};
  return all_zero(text) || std::find(words.begin(), words.end(), text) != words.end() ||
         text == "00000000-0000-0000-0000-000000000000";
}

}  // namespace waybill::lineage
