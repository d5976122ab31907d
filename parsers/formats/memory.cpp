// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/memory.h"

#include <algorithm>

namespace waybill::parsers::formats {

namespace {

constexpr size_t kLongestLevel = 13;  // "informational"

enum Class : uint8_t { kItself, kBlank, kDigit, kLower, kUpper };

constexpr std::array<uint8_t, 256> kClasses = [] {
  std::array<uint8_t, 256> classes{};
  classes[' '] = classes['\t'] = kBlank;
  for (int c = '0'; c <= '9'; ++c) classes[static_cast<size_t>(c)] = kDigit;
  for (int c = 'a'; c <= 'z'; ++c) classes[static_cast<size_t>(c)] = kLower;
  for (int c = 'A'; c <= 'Z'; ++c) classes[static_cast<size_t>(c)] = kUpper;
  return classes;
}();

// The words of severity_of_word().
constexpr std::string_view kLevels[] = {"d",           "i",
                                        "w",           "e",
                                        "f",           "t",
                                        "v",           "dbg",
                                        "inf",         "wrn",
                                        "err",         "ftl",
                                        "trc",         "pnc",
                                        "log",         "info",
                                        "warn",        "crit",
                                        "http",        "fine",
                                        "emer",        "note",
                                        "eror",        "dbug",
                                        "debug",       "error",
                                        "fatal",       "trace",
                                        "panic",       "alert",
                                        "emerg",       "finer",
                                        "silly",       "notice",
                                        "severe",      "finest",
                                        "system",      "dpanic",
                                        "config",      "warning",
                                        "verbose",     "default",
                                        "critical",    "emergency",
                                        "information", "informational"};

// By its first letter and its length alone: a word that may be one of those.
constexpr std::array<uint32_t, 26> kLevelLengths = [] {
  std::array<uint32_t, 26> lengths{};
  for (std::string_view word : kLevels) {
    lengths[static_cast<size_t>(word[0] - 'a')] |= uint32_t{1} << word.size();
  }
  return lengths;
}();

bool may_be_level(char first, size_t length) {
  return length <= kLongestLevel &&
         (kLevelLengths[static_cast<size_t>(first - 'a')] >> length & 1) != 0;
}

}  // namespace

uint64_t shape_of(uint64_t stream, std::string_view line) {
  uint64_t hash = (stream + 1) * 0x9e3779b97f4a7c15u;
  auto mix = [&](uint64_t value) { hash = (hash ^ value) * 0xff51afd7ed558ccdu; };
  const size_t size = std::min(line.size(), kFrontBytes);
  const char* at = line.data();
  const char* const end = at + size;
  mix(line.size() > kFrontBytes ? kFrontBytes : 0);  // whether it goes on matters as well
  auto class_at = [](const char* place) { return kClasses[static_cast<unsigned char>(*place)]; };
  while (at < end) {
    const char* const begin = at;
    const uint8_t kind = class_at(at);
    ++at;
    if (kind == kItself) {
      mix(static_cast<unsigned char>(*begin));
      continue;
    }
    while (at < end && class_at(at) == kind) ++at;
    // Forms of dates and times differ in how many digits they have; levels are words.
    auto length = static_cast<size_t>(at - begin);
    mix(kind == kDigit ? 256 + length : kind);
    bool level = kind == kLower && may_be_level(*begin, length);
    bool bracket = begin > line.data() && (begin[-1] == '[' || begin[-1] == '<');
    if ((kind == kUpper || level || (kind == kLower && bracket)) && length <= kLongestLevel) {
      for (const char* letter = begin; letter < at; ++letter) {
        mix(static_cast<unsigned char>(*letter));
      }
    }
  }
  hash ^= hash >> 32;
  return hash | 1;
}

}  // namespace waybill::parsers::formats
