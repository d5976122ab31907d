// SPDX-License-Identifier: Apache-2.0
#include "parsers/errors/kinds.h"

#include <algorithm>
#include <array>
#include <vector>

namespace waybill::parsers::errors {

namespace {

struct Entry {
  std::string_view name;
  Kind kind;
};

constexpr std::array kClasses = {
#define CLASS(name, kind) Entry{name, Kind::kind},
#define NAMESPACE(name, kind)
#include "parsers/errors/classes.inc"
#undef CLASS
#undef NAMESPACE
};

constexpr std::array kNamespaces = {
#define CLASS(name, kind)
#define NAMESPACE(name, kind) Entry{name, Kind::kind},
#include "parsers/errors/classes.inc"
#undef CLASS
#undef NAMESPACE
};

constexpr std::array kCodes = {
#define CODE(name, kind) Entry{name, Kind::kind},
#define STATE(digits, kind)
#include "parsers/errors/codes.inc"
#undef CODE
#undef STATE
};

constexpr std::array kStates = {
#define CODE(name, kind)
#define STATE(digits, kind) Entry{digits, Kind::kind},
#include "parsers/errors/codes.inc"
#undef CODE
#undef STATE
};

constexpr std::array kPhrases = {
#define PHRASE(words, kind) Entry{words, Kind::kind},
#include "parsers/errors/phrases.inc"
#undef PHRASE
};

constexpr std::array<std::string_view, 7> kNames = {"",     "network", "fs", "timeout",
                                                    "auth", "db",      "app"};

struct Sorted {
  std::vector<Entry> entries;
  // By first letter, how long names are: bit i for i letters, the last one for longer names as
  // well.
  std::array<uint64_t, 256> lengths{};

  static uint64_t length_bit(std::string_view name) {
    return uint64_t{1} << std::min<size_t>(name.size(), 63);
  }
};

template <size_t Size>
Sorted sorted(const std::array<Entry, Size>& entries) {
  Sorted made{{entries.begin(), entries.end()}};
  std::sort(made.entries.begin(), made.entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  for (const Entry& entry : entries) {
    made.lengths[static_cast<unsigned char>(entry.name[0])] |= Sorted::length_bit(entry.name);
  }
  return made;
}

// Most names are none of them, which their first letters and their sizes tell.
Kind look_up(const Sorted& all, std::string_view name) {
  if (name.empty()) return Kind::kNone;
  if ((all.lengths[static_cast<unsigned char>(name[0])] & Sorted::length_bit(name)) == 0) {
    return Kind::kNone;
  }
  auto found =
      std::lower_bound(all.entries.begin(), all.entries.end(), name,
                       [](const Entry& entry, std::string_view n) { return entry.name < n; });
  return found != all.entries.end() && found->name == name ? found->kind : Kind::kNone;
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr size_t word_size(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_word_byte(text[end])) ++end;
  return end - at;
}

constexpr size_t bucket_of(char first, char second, size_t size) {
  auto a = static_cast<unsigned char>(lower(first));
  auto b = static_cast<unsigned char>(lower(second));
  return (a * 31u + b * 7u + size) & 255u;
}

constexpr size_t bucket_at(std::string_view text, size_t at) {
  size_t size = word_size(text, at);
  return bucket_of(text[at], size > 1 ? text[at + 1] : '\0', size);
}

// The phrases by the bucket of their first word: the place behind that of the first one, or 0, and
// the same of the next one in its bucket.
static_assert(kPhrases.size() < 255);
struct PhraseChains {
  std::array<uint8_t, 256> first{};
  std::array<uint8_t, kPhrases.size()> next{};
};
constexpr PhraseChains kChains = [] {
  PhraseChains chains;
  for (size_t i = kPhrases.size(); i-- > 0;) {
    uint8_t& first = chains.first[bucket_at(kPhrases[i].name, 0)];
    chains.next[i] = first;
    first = static_cast<uint8_t>(i + 1);
  }
  return chains;
}();

Kind of_namespace(std::string_view name) {
  for (const Entry& entry : kNamespaces) {
    if (name.starts_with(entry.name)) return entry.kind;
  }
  return Kind::kNone;
}

std::string_view without_pointer(std::string_view name) {
  while (!name.empty() && (name.front() == '*' || name.front() == '&' || name.front() == '\\')) {
    name.remove_prefix(1);
  }
  return name;
}

// By its whole name, else by its last component.
Kind of_name(std::string_view name) {
  static const Sorted classes = sorted(kClasses);
  Kind kind = look_up(classes, name);
  size_t last = name.find_last_of(".:\\/$#+");
  if (kind == Kind::kNone && last != name.npos) kind = look_up(classes, name.substr(last + 1));
  return kind;
}

// "open /x: …", "'/x'", "(/x)", "C:\x": no URL. Near the front.
constexpr size_t kPathWithin = 1024;
bool names_path(std::string_view text) {
  constexpr std::string_view before = " \t\"'`([:=";
  text = text.substr(0, kPathWithin);
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    bool apart = i == 0 || before.find(text[i - 1]) != before.npos;
    if (text[i] == '/' && apart && (is_word_byte(text[i + 1]) || text[i + 1] == '.')) return true;
    if (text[i] == ':' && text[i + 1] == '\\') return true;
  }
  return false;
}

Kind decided(Kind kind, std::string_view message) {
  if (kind != Kind::kByPath) return kind;
  return names_path(message) ? Kind::kFs : Kind::kAuth;
}

}  // namespace

std::string_view kind_name(Kind kind) {
  return kind == Kind::kByPath ? "" : kNames[static_cast<size_t>(kind)];
}

bool is_kind(std::string_view name) {
  return !name.empty() && std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_known_class(std::string_view name) {
  name = without_pointer(name);
  if (name.starts_with("Errno::") || of_name(name) != Kind::kNone) return true;
  bool scoped = name.find("::") != name.npos || name.find('\\') != name.npos;
  return scoped && of_namespace(name) != Kind::kNone;
}

Kind kind_of_class(std::string_view name, std::string_view message) {
  name = without_pointer(name);
  Kind kind = Kind::kNone;
  if (name.starts_with("Errno::")) kind = kind_of_code(name.substr(7), message);
  if (kind == Kind::kNone) kind = of_name(name);
  if (kind == Kind::kNone) kind = of_namespace(name);
  return decided(kind, message);
}

Kind kind_of_code(std::string_view code, std::string_view message) {
  static const Sorted codes = sorted(kCodes);
  return decided(look_up(codes, code), message);
}

Kind kind_of_sqlstate(std::string_view state) {
  for (const Entry& entry : kStates) {
    if (state.starts_with(entry.name)) return entry.kind;
  }
  return Kind::kDb;
}

bool may_begin_phrase(char first, char second, size_t size) {
  return kChains.first[bucket_of(first, size > 1 ? second : '\0', size)] != 0;
}

Kind phrase_at(std::string_view text, size_t at) {
  std::string_view rest = text.substr(at);
  if (rest.empty()) return Kind::kNone;
  for (size_t i = kChains.first[bucket_at(text, at)]; i != 0; i = kChains.next[i - 1]) {
    const Entry& phrase = kPhrases[i - 1];
    if (rest.size() < phrase.name.size() || lower(rest[0]) != phrase.name[0]) continue;
    bool equal = std::equal(phrase.name.begin(), phrase.name.end(), rest.begin(),
                            [](char a, char b) { return a == lower(b); });
    bool whole = rest.size() == phrase.name.size() || !is_word_byte(rest[phrase.name.size()]);
    if (equal && whole) return decided(phrase.kind, text);
  }
  return Kind::kNone;
}

Kind kind_of_words(std::string_view text) {
  text = text.substr(0, kFarthest);
  for (size_t at = 0; at < text.size();) {
    size_t size = word_size(text, at);
    if (size > 0 && may_begin_phrase(text[at], size > 1 ? text[at + 1] : '\0', size)) {
      Kind kind = phrase_at(text, at);
      if (kind != Kind::kNone) return kind;
    }
    at += size + 1;
  }
  return Kind::kNone;
}

}  // namespace waybill::parsers::errors
