// SPDX-License-Identifier: Apache-2.0
// Headers in text: one pass finds where two letters stand that every name has, and what stands
// around them is looked at once.
#include <algorithm>
#include <bit>

#include "core/ascii.h"
#include "core/find.h"
#include "lineage/headers.h"
#include "lineage/hex.h"

namespace waybill::lineage {

namespace {

constexpr size_t kTraceparentSize = 55;

bool is_separator(char c) { return c == '_' || c == '-' || c == '.'; }
bool is_key_part(char c) { return is_letter(c) || is_digit(c) || is_separator(c); }

// ---- where a name may be ----

// tRAce, b3, baGGage, rEQuest, coRRelation, sPAn, in any case.
bool may_be_name(char first, char second) {
  auto a = static_cast<char>(first | 0x20), b = static_cast<char>(second | 0x20);
  return (a == 'r' && (b == 'a' || b == 'r')) || (a == 'b' && b == '3') || (a == 'g' && b == 'g') ||
         (a == 'e' && b == 'q') || (a == 'p' && b == 'a');
}

size_t find_name_letters(std::string_view text, size_t from) {
  size_t at = from;
#if defined(__SSE2__)
  auto letter = [](char c) { return _mm_set1_epi8(c); };
  const __m128i lower = letter(0x20), r = letter('r'), a = letter('a'), b = letter('b'),
                three = letter('3'), g = letter('g'), e = letter('e'), q = letter('q'),
                p = letter('p');
  for (; at + 17 <= text.size(); at += 16) {
    const char* place = text.data() + at;
    __m128i here = _mm_or_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(place)), lower);
    __m128i next =
        _mm_or_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(place + 1)), lower);
    auto pair = [&](__m128i first, __m128i second) {
      return _mm_and_si128(_mm_cmpeq_epi8(here, first), _mm_cmpeq_epi8(next, second));
    };
    __m128i next_a = _mm_cmpeq_epi8(next, a);
    __m128i after_r =
        _mm_and_si128(_mm_cmpeq_epi8(here, r), _mm_or_si128(next_a, _mm_cmpeq_epi8(next, r)));
    __m128i after_p = _mm_and_si128(_mm_cmpeq_epi8(here, p), next_a);
    __m128i any = _mm_or_si128(_mm_or_si128(after_r, after_p),
                               _mm_or_si128(_mm_or_si128(pair(b, three), pair(g, g)), pair(e, q)));
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(any));
    if (mask != 0) return at + static_cast<size_t>(std::countr_zero(mask));
  }
#endif
  for (; at + 2 <= text.size(); ++at) {
    if (may_be_name(text[at], text[at + 1])) return at;
  }
  return text.npos;
}

// Whether the letters around the two found are those of a name: most words end here.
bool goes_on(std::string_view text, size_t at) {
  auto lower = [&](size_t i) { return i < text.size() ? static_cast<char>(text[i] | 0x20) : '\0'; };
  char before = at > 0 ? lower(at - 1) : '\0';
  switch (lower(at)) {
    case 'b': return true;
    case 'g': return before == 'a';
    case 'e': return before == 'r';
    case 'p': return before == 's' && lower(at + 2) == 'n';
    default:
      return lower(at + 1) == 'r' ? lower(at + 2) == 'e' && lower(at + 3) == 'l'
                                  : before == 't' && lower(at + 2) == 'c';
  }
}

// ---- names ----

bool same_letters(std::string_view key, std::string_view lower) {
  size_t count = 0;
  for (char c : key) {
    if (is_separator(c)) continue;
    if (count == lower.size() || (c | 0x20) != lower[count]) return false;
    ++count;
  }
  return count == lower.size();
}

// Whether `key` is `name`, or that with one of the usual prefixes before it. Any other prefix says
// that it is about another trace: parent_trace_id, linked-trace-id, strace_id.
bool is_named(std::string_view key, std::string_view name) {
  constexpr std::array<std::string_view, 12> prefixes = {
      "", "x", "b3", "xb3", "w3c", "otel", "dd", "mdc", "contextmap", "context", "span", "http"};
  size_t letters = 0;  // of the key, from its end on
  size_t at = key.size();
  while (at > 0 && letters < name.size()) {
    if (!is_separator(key[--at])) ++letters;
  }
  return letters == name.size() && same_letters(key.substr(at), name) &&
         std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
           return same_letters(key.substr(0, at), prefix);
         });
}

struct Named {
  Header header;
  bool decimal = false;
};

std::optional<Named> name_of(std::string_view key) {
  if (auto header = header_of(key)) return Named{*header};
  if (key.size() > 64) return std::nullopt;
  bool datadog = key.size() > 3 && same_letters(key.substr(0, 2), "dd") && is_separator(key[2]);
  if (is_named(key, "traceid")) return Named{Header::kTraceId, datadog};
  if (is_named(key, "spanid")) return Named{Header::kSpanId, datadog};
  if (is_named(key, "traceflags") || is_named(key, "tracesampled")) return Named{Header::kFlags};
  if (is_named(key, "requestid") || is_named(key, "reqid")) return Named{Header::kRequestId};
  if (is_named(key, "correlationid")) return Named{Header::kCorrelationId};
  return std::nullopt;
}

// ---- values ----

// What may stand in the value of a header, beside letters and digits.
std::string_view value_signs(Header header) {
  switch (header) {
    case Header::kTraceparent: return "-._";
    case Header::kGrpcTrace: return "+/=-_";
    case Header::kJaeger: return ":%";
    case Header::kXray: return "=;:-?";
    case Header::kGoogle: return "/;=";
    case Header::kDatadogTags: return "_.=,:-";
    case Header::kBaggage: return "!#$%&'*+-.^_`|~=;,/:@?(){}<>[]";
    case Header::kRequestId:
    case Header::kCorrelationId: return "-_.:/+=@#~|!$%*";
    default: return "-_";
  }
}

struct Begin {
  size_t at = std::string_view::npos;  // npos: no value follows
  char quote = 0;                      // before it
  bool assigned = false;               // by a sign, not by blanks alone
};

// Where the value begins behind a name: after "=", ": ", "': b'", "\":[\"", ", value = ". A
// backslash stands before a quote inside of a JSON string.
Begin value_begin(std::string_view text, size_t at) {
  constexpr size_t most = 10;
  constexpr size_t most_blanks = 6;
  Begin begin;
  bool quoted = false;  // the name
  size_t blanks = 0;
  for (size_t i = at; i < text.size() && i < at + most; ++i) {
    char c = text[i];
    if (c == ' ' || c == '\t') {
      if (++blanks > most_blanks) return {};
    } else if (c == '"' || c == '\'') {
      quoted = true;
      begin.quote = c;
    } else if (c == '=' || c == ':' || c == '>') {
      begin.assigned = true;
      begin.quote = 0;
    } else if (c == ',' && quoted) {
      begin.assigned = true;
      begin.quote = 0;
    } else if (c == 'b' && begin.assigned && i + 1 < text.size() &&
               (text[i + 1] == '\'' || text[i + 1] == '"')) {
      continue;  // Python's bytes
    } else if (c != '\\' && c != '[' && c != '(') {
      if (i == at) return {};
      begin.at = i;
      return begin;
    }
  }
  return {};
}

// Kafka's and others' "key = traceparent, value = 00-…": what follows is the value's name.
size_t skip_value_word(std::string_view text, size_t at) {
  size_t i = at;
  while (
      i < text.size() && i < at + 4 &&
      (text[i] == ' ' || text[i] == ',' || text[i] == '"' || text[i] == '\'' || text[i] == ';')) {
    ++i;
  }
  constexpr std::string_view word = "value";
  return i > at && text.substr(i).starts_with(word) ? i + word.size() : at;
}

std::string_view value_at(std::string_view text, const Begin& begin, Header header) {
  std::string_view rest = text.substr(begin.at);
  if (begin.quote != 0) {
    size_t end = rest.find(begin.quote);
    if (end != rest.npos && end > 0 && rest[end - 1] == '\\') --end;
    rest = rest.substr(0, end);
    if (header == Header::kTracestate || header == Header::kBaggage) return rest;
  }
  if (header == Header::kTracestate) {
    size_t size = tracestate_prefix(rest);
    bool broken = size == 0 || (size < rest.size() && rest[size] == '=');
    return rest.substr(0, broken ? rest.find_first_of(" \t\r\n") : size);
  }
  std::string_view signs = value_signs(header);
  size_t end = 0;
  for (; end < rest.size(); ++end) {
    char c = rest[end];
    if (is_letter(c) || is_digit(c) || signs.find(c) != signs.npos) continue;
    // X-Ray's parts may have blanks between them.
    if (header == Header::kXray && c == ' ' && end > 0 && rest[end - 1] == ';') continue;
    break;
  }
  return rest.substr(0, end);
}

// Ids that stand in prose: a stop that ends the sentence is no part of them.
std::string_view without_stop(std::string_view value, Header header) {
  bool opaque = header == Header::kRequestId || header == Header::kCorrelationId;
  while (opaque && !value.empty() && (value.back() == '.' || value.back() == ':')) {
    value.remove_suffix(1);
  }
  return value;
}

void offer_at(std::string_view text, size_t begin, size_t end, HeaderSet& headers, Arena& arena) {
  std::string_view key = text.substr(begin, end - begin);
  auto named = name_of(key);
  if (!named) return;
  Header header = named->header;
  bool opaque = header == Header::kRequestId || header == Header::kCorrelationId;
  Begin value = value_begin(text, end);
  size_t behind = skip_value_word(text, end);
  if (behind != end) value = value_begin(text, behind);
  if (value.at == text.npos || (opaque && !value.assigned)) return;
  std::string_view found = without_stop(value_at(text, value, header), header);
  constexpr size_t longest_opaque = 256;
  if (found.empty() || (opaque && found.size() > longest_opaque)) return;
  headers.offer(header, {key, found, 0, 0, named->decimal}, arena);
}

// projects/<project>/traces/<id>, as Google Cloud's logs name a trace.
void offer_google(std::string_view text, size_t begin, size_t end, HeaderSet& headers,
                  Arena& arena) {
  constexpr size_t longest_project = 64;
  size_t earliest = begin > longest_project ? begin - longest_project : 0;
  size_t project = text.substr(earliest, begin - earliest).rfind("projects/");
  size_t last = end + 33;
  if (project == text.npos || text.size() < last) return;
  if (text.size() > last && (is_letter(text[last]) || is_digit(text[last]))) return;
  std::string_view path = text.substr(earliest + project, last - earliest - project);
  headers.offer(Header::kGoogle, {"logging.googleapis.com/trace", path}, arena);
}

// The key around [begin, end).
struct KeySpan {
  size_t begin, end;
};
KeySpan key_around(std::string_view text, size_t begin, size_t end, size_t from) {
  while (begin > from && is_key_part(text[begin - 1])) --begin;
  while (end < text.size() && is_key_part(text[end])) ++end;
  return {begin, end};
}

// Datadog's other headers have none of the letters that are looked for.
void collect_datadog(std::string_view text, HeaderSet& headers, Arena& arena) {
  constexpr std::string_view letters = "atadog";
  for (size_t from = 0;;) {
    size_t at = find_short(text, letters, from);
    if (at == text.npos) return;
    KeySpan key = key_around(text, at, at + letters.size(), from);
    from = key.end;
    offer_at(text, key.begin, key.end, headers, arena);
  }
}

void collect_named(std::string_view text, HeaderSet& headers, Arena& arena) {
  for (size_t from = 0; from + 2 < text.size();) {
    size_t at = find_name_letters(text, from);
    if (at == text.npos) return;
    if (!goes_on(text, at)) {
      from = at + 1;
      continue;
    }
    auto [begin, end] = key_around(text, at, at + 2, from);
    from = end;  // a key is looked at once, whatever stands in it
    // In "headers:traceparent" and "-traceparent" what stands before is no part of the name.
    while (begin < end && is_separator(text[begin])) ++begin;
    bool path = begin > 0 && end < text.size() && text[begin - 1] == '/' && text[end] == '/';
    if (path && text.substr(begin, end - begin) == "traces") {
      offer_google(text, begin, end, headers, arena);
    } else {
      offer_at(text, begin, end, headers, arena);
    }
  }
}

}  // namespace

void collect_from_text(std::string_view text, HeaderSet& headers, Arena& arena) {
  collect_named(text, headers, arena);
  if (headers.has(Header::kDatadogTraceId)) collect_datadog(text, headers, arena);
}

std::optional<Traceparent> find_bare_traceparent(std::string_view text) {
  auto is_word = [](char c) { return is_key_part(c); };
  for (size_t from = 0; from + kTraceparentSize <= text.size();) {
    size_t at = find_short(text, "00-", from);
    if (at == text.npos) return std::nullopt;
    from = at + 1;
    size_t end = at + kTraceparentSize;
    bool apart = end <= text.size() && (at == 0 || !is_word(text[at - 1])) &&
                 (end == text.size() || !is_word(text[end]));
    auto parsed = apart ? parse_traceparent(text.substr(at, kTraceparentSize)) : std::nullopt;
    if (parsed) return parsed;
  }
  return std::nullopt;
}

}  // namespace waybill::lineage
