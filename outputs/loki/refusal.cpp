// SPDX-License-Identifier: Apache-2.0
#include "outputs/loki/refusal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <protozero/pbf_reader.hpp>

#include "outputs/loki/wire.h"

namespace waybill::outputs::loki {

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
constexpr std::string_view kEntry = "entry with timestamp ";
constexpr std::string_view kTotal = "total ignored: ";
constexpr std::string_view kLike = " errors like: ";

// About one entry each (pkg/validation/validate.go).
constexpr std::array<std::string_view, 5> kOfEntries = {"has timestamp too old",
                                                        "has timestamp too new", "Max entry size",
                                                        "max entry size", "structured metadata"};
// About a whole stream.
constexpr std::array<std::string_view, 7> kOfStreams = {
    "label names; limit",     "label name too long",    "label value too long",
    "duplicate label name",   "label pair is required", "rror parsing labels",
    "missing required labels"};

template <size_t N>
bool has_any(std::string_view text, const std::array<std::string_view, N>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
}

// The number that `text` begins with.
std::optional<uint32_t> number(std::string_view text) {
  uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

// What stands between `before` and the next `after`; empty when there is no such thing.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + before.size());
  size_t end = text.find(after);
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

int64_t days_of_civil(int year, unsigned month, unsigned day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  auto year_of_era = static_cast<unsigned>(year - era * 400);
  unsigned day_of_year = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;
  unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<int64_t>(day_of_era) - 719468;
}

struct GoTime {
  int64_t ns = 0;
  bool has_fraction = false;
};

// Go's Time.String() in UTC, "2026-01-02 03:04:05.000000006 +0000 UTC", or RFC 3339 with 'Z'.
std::optional<GoTime> go_time(std::string_view text) {
  if (text.size() < 19) return std::nullopt;
  auto field = [&](size_t at, size_t size) {
    int value = -1;
    auto [end, error] = std::from_chars(text.data() + at, text.data() + at + size, value);
    return error == std::errc{} && end == text.data() + at + size ? value : -1;
  };
  int year = field(0, 4), month = field(5, 2), day = field(8, 2);
  int hour = field(11, 2), minute = field(14, 2), second = field(17, 2);
  if (year < 0 || month < 1 || day < 1 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  GoTime time;
  time.ns = days_of_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day)) * 86400;
  time.ns = (time.ns + hour * 3600 + minute * 60 + second) * kSecond;
  std::string_view rest = text.substr(19);
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    time.has_fraction = true;
    int64_t unit = kSecond / 10;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9' && unit > 0) {
      time.ns += (rest.front() - '0') * unit;
      unit /= 10;
      rest.remove_prefix(1);
    }
  }
  // Other zones do not come from a server that runs in UTC, as containers do: count, do not name.
  bool utc = rest.substr(0, 1) == "Z" || rest.substr(0, 6) == " +0000";
  if (!utc) return std::nullopt;
  return time;
}

}  // namespace

Refusal::Refusal(const http::Sent& sent) : sent_(sent), reasons_(sent.picks.size()) {}

bool Refusal::read(std::string_view text) {
  size_t total = text.find(kTotal);
  if (total != std::string_view::npos) {
    read_ingester(text);
    return true;
  }
  size_t like = text.find(kLike);
  if (like == std::string_view::npos) return read_error(text, 1);
  bool any = false;
  while (like != std::string_view::npos) {
    size_t digits = like;
    while (digits > 0 && text[digits - 1] >= '0' && text[digits - 1] <= '9') --digits;
    uint32_t count = number(text.substr(digits)).value_or(1);
    text.remove_prefix(like + kLike.size());
    like = text.find(kLike);
    any |= read_error(text.substr(0, like), count);
  }
  return any;
}

void Refusal::read_ingester(std::string_view text) {
  for (size_t at = text.find(kEntry); at != std::string_view::npos; at = text.find(kEntry, at)) {
    at += kEntry.size();
    std::string_view rest = text.substr(at);
    std::optional<GoTime> time = go_time(rest);
    // Times are distinct within a stream; of several streams with this time any may be meant.
    if (time) reject({}, time->ns, time->ns, between(rest, "reason: '", "',"));
  }
  for (size_t at = text.find(kTotal); at != std::string_view::npos; at = text.find(kTotal, at)) {
    at += kTotal.size();
    counted_ += number(text.substr(at)).value_or(1);
  }
}

bool Refusal::read_error(std::string_view error, uint32_t count) {
  std::string_view labels = between(error, "stream '", "}'");
  if (!labels.empty()) labels = {labels.data(), labels.size() + 1};
  if (has_any(error, kOfStreams)) {
    uint32_t rejected = labels.empty() ? 0 : reject(labels, kFirst, kLast, error);
    counted_ += rejected > 0 ? rejected : count;
    return true;
  }
  if (!has_any(error, kOfEntries)) return false;
  counted_ += count;
  // Times are told to the second: what lies in it is all too old, or all too new.
  for (std::string_view phrase : {"timestamp too old: ", "timestamp too new: "}) {
    size_t at = error.find(phrase);
    if (at == std::string_view::npos || labels.empty()) continue;
    std::optional<GoTime> time = go_time(error.substr(at + phrase.size()));
    if (!time) continue;
    int64_t last = time->has_fraction ? time->ns : time->ns + kSecond - 1;
    reject(labels, time->ns, last, error);
  }
  return true;
}

uint32_t Refusal::reject(std::string_view labels, int64_t first_ns, int64_t last_ns,
                         std::string_view reason) {
  uint32_t rejected = 0;
  for (uint32_t position = 0; position < sent_.picks.size(); ++position) {
    const delivery::Slice& slice = sent_.payload.slices[sent_.picks[position]];
    if (!labels.empty() && labels_of(sent_.payload.groups[slice.group].head) != labels) continue;
    int64_t time_ns = time_of(position);
    if (time_ns < first_ns || time_ns > last_ns) continue;
    reasons_[position] = reason.data() != nullptr ? reason : std::string_view("");
    ++rejected;
  }
  return rejected;
}

int64_t Refusal::time_of(uint32_t position) const {
  return entry_time(sent_.payload.encoded(sent_.payload.slices[sent_.picks[position]]));
}

int64_t entry_time(std::string_view encoded) {
  protozero::pbf_reader stream(encoded.data(), encoded.size());
  int64_t time_ns = 0;
  // Our own bytes: what is there, is well-formed.
  if (!stream.next(2)) return time_ns;
  protozero::pbf_reader entry = stream.get_message();
  if (!entry.next(1)) return time_ns;
  protozero::pbf_reader timestamp = entry.get_message();
  while (timestamp.next()) {
    int64_t value = timestamp.get_int64();
    time_ns += timestamp.tag() == 1 ? value * kSecond : value;
  }
  return time_ns;
}

std::vector<http::Item> Refusal::items() const {
  std::vector<http::Item> items;
  for (uint32_t position = 0; position < reasons_.size(); ++position) {
    if (reasons_[position].data() == nullptr) continue;
    http::Item item;
    item.position = position;
    item.reason = reasons_[position];
    items.push_back(std::move(item));
  }
  // More than were counted: a time that several streams share. Which of them is not said.
  if (items.size() > counted_) items.resize(static_cast<size_t>(counted_));
  return items;
}

uint32_t Refusal::unnamed() const {
  uint64_t named = items().size();
  uint64_t all = std::min<uint64_t>(std::max<uint64_t>(counted_, 1), reasons_.size());
  return static_cast<uint32_t>(all - std::min(named, all));
}

}  // namespace waybill::outputs::loki
