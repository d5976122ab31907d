// SPDX-License-Identifier: Apache-2.0
#include "core/level.h"

#include <array>
#include <charconv>

namespace waybill {

namespace {

constexpr size_t kLongestWord = 13;  // "informational"

struct Word {
  std::string_view word;
  Severity severity;
};

constexpr Severity kTrace{Level::kDebug, 1};
constexpr Severity kDebug{Level::kDebug, 5};
constexpr Severity kInfo{Level::kInfo, 9};
constexpr Severity kNotice{Level::kInfo, 10};
constexpr Severity kWarn{Level::kWarn, 13};
constexpr Severity kError{Level::kError, 17};
constexpr Severity kCrit{Level::kError, 18};
constexpr Severity kAlert{Level::kError, 19};
constexpr Severity kFatal{Level::kFatal, 21};

// Grouped by length, so that a look-up compares a handful of words.
// clang-format off
constexpr std::array kWords = {
    Word{"d", kDebug},          Word{"i", kInfo},
    Word{"w", kWarn},           Word{"e", kError},
    Word{"f", kFatal},          Word{"t", kTrace},
    Word{"v", kTrace},
    Word{"dbg", kDebug},        Word{"inf", kInfo},
    Word{"wrn", kWarn},         Word{"err", kError},
    Word{"ftl", kFatal},        Word{"trc", kTrace},
    Word{"pnc", kFatal},        Word{"log", kInfo},
    Word{"vrb", kTrace},
    Word{"info", kInfo},        Word{"warn", kWarn},
    Word{"crit", kCrit},        Word{"http", kDebug},
    Word{"fine", kDebug},       Word{"emer", kFatal},
    Word{"note", kNotice},      Word{"eror", kError},
    Word{"dbug", kDebug},       Word{"debg", kDebug},
    Word{"trce", kTrace},       Word{"fail", kError},
    Word{"erro", kError},       Word{"debu", kDebug},
    Word{"fata", kFatal},       Word{"trac", kTrace},
    Word{"debug", kDebug},      Word{"error", kError},
    Word{"fatal", kFatal},      Word{"trace", kTrace},
    Word{"panic", kFatal},      Word{"alert", kAlert},
    Word{"emerg", kFatal},      Word{"finer", kDebug},
    Word{"silly", kTrace},      Word{"notice", kNotice},
    Word{"severe", kError},     Word{"finest", kTrace},
    Word{"system", kInfo},      Word{"ddebug", kDebug},
    Word{"dpanic", {Level::kError, 18}}, Word{"config", {Level::kDebug, 7}},
    Word{"warning", kWarn},     Word{"verbose", kTrace},    Word{"success", kInfo},
    Word{"default", kInfo},     Word{"critical", kFatal},
    Word{"subdebug", kDebug},
    Word{"emergency", kFatal},  Word{"information", kInfo},
    Word{"informational", kInfo},
};
// clang-format on

// A word's last eight letters as a number.
constexpr uint64_t letters_of(std::string_view word) {
  uint64_t letters = 0;
  for (char c : word) letters = letters << 8 | static_cast<unsigned char>(c);
  return letters;
}

constexpr std::array kLetters = [] {
  std::array<uint64_t, kWords.size()> all{};
  for (size_t i = 0; i < all.size(); ++i) all[i] = letters_of(kWords[i].word);
  return all;
}();
// Where in kWords the words of each length begin.
constexpr std::array kBegins = [] {
  std::array<uint8_t, kLongestWord + 2> begins{};
  for (size_t length = 0; length < begins.size(); ++length) {
    uint8_t shorter = 0;
    while (shorter < kWords.size() && kWords[shorter].word.size() < length) ++shorter;
    begins[length] = shorter;
  }
  return begins;
}();

// slog writes levels between its four as "INFO+2"; its number is level + 9 (log/slog/level.go).
std::optional<Severity> with_slog_offset(std::string_view word, size_t sign) {
  std::optional<Severity> base = severity_of_word(word.substr(0, sign));
  int offset = 0;
  if (word.find_first_of("+-", sign + 1) != word.npos) return std::nullopt;
  const char* digits = word.data() + sign + (word[sign] == '+' ? 1 : 0);
  auto [end, error] = std::from_chars(digits, word.data() + word.size(), offset);
  if (!base || error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  int number = base->number + offset;
  if (number < 1 || number > 24) return std::nullopt;
  Level level = number < 9    ? Level::kDebug
                : number < 13 ? Level::kInfo
                : number < 17 ? Level::kWarn
                : number < 21 ? Level::kError
                              : Level::kFatal;
  return Severity{level, static_cast<uint8_t>(number)};
}

}  // namespace

std::string_view level_name(Level level) {
  constexpr std::array<std::string_view, kLevelCount> names = {"",     "DEBUG", "INFO",
                                                               "WARN", "ERROR", "FATAL"};
  return names[static_cast<size_t>(level)];
}

std::optional<Severity> severity_of_word(std::string_view word) {
  while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
  while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  char lower[kLongestWord];
  uint64_t letters = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    char c = word[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (c < 'a' || c > 'z') {
      return (c == '+' || c == '-') && i > 0 ? with_slog_offset(word, i) : std::nullopt;
    }
    lower[i] = c;
    letters = letters << 8 | static_cast<unsigned char>(c);
  }
  for (size_t i = kBegins[word.size()]; i < kBegins[word.size() + 1]; ++i) {
    if (kLetters[i] != letters) continue;
    if (word.size() <= 8 || kWords[i].word == std::string_view(lower, word.size())) {
      return kWords[i].severity;
    }
  }
  return std::nullopt;
}

std::optional<Severity> severity_of_syslog(int64_t number) {
  constexpr std::array<Severity, 8> severities = {kFatal, kAlert,  kCrit, kError,
                                                  kWarn,  kNotice, kInfo, kDebug};
  if (number < 0 || number > 7) return std::nullopt;
  return severities[static_cast<size_t>(number)];
}

std::optional<Severity> severity_of_decades(int64_t number) {
  if (number < 0 || number > 100) return std::nullopt;
  if (number < 20) return number >= 10 ? kTrace : Severity{Level::kDebug, 1};
  if (number < 30) return kDebug;
  if (number < 40) return kInfo;
  if (number < 50) return kWarn;
  if (number < 60) return kError;
  return kFatal;
}

}  // namespace waybill
