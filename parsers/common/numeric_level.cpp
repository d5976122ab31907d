// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/numeric_level.h"

#include <array>

namespace waybill::parsers {

namespace {

// Who may have written a line, by its keys.
struct Dialects {
  bool short_message = false, version = false, host = false;
  bool facility = false;
  bool google = false;
  bool level_name = false, channel = false, datetime = false;
  bool dotnet = false;
  bool req_id = false, remote_addr = false, app = false;

  void see(std::string_view key) {
    if (key == "short_message") short_message = true;
    if (key == "version") version = true;
    if (key == "host") host = true;
    if (key == "facility" || key == "facility_label" || key == "syslogfacility") facility = true;
    google = google || key.starts_with("logging.googleapis.com/") || key == "insertId" ||
             key == "timestampSeconds" || key == "httpRequest";
    if (key == "level_name") level_name = true;
    if (key == "channel") channel = true;
    if (key == "datetime") datetime = true;
    if (key == "Category" || key == "EventId") dotnet = true;
    if (key == "reqId") req_id = true;
    if (key == "remoteAddr") remote_addr = true;
    if (key == "app") app = true;
  }
  bool gelf() const { return short_message || (version && host); }
  bool monolog() const { return level_name || (channel && datetime); }
  bool nextcloud() const { return req_id && remote_addr && app; }
};

Dialects dialects_of(const Batch& batch, const Record& record) {
  Dialects dialects;
  if (record.token_count > 0) {
    const Token* root = batch.tokens_of(record);
    for (const Token* child = root + 1; child != root + root->span; child += child->span) {
      dialects.see({record.json + child->key, child->key_size});
    }
  } else {
    for (const Field& field : batch.fields_of(record)) dialects.see(field.key.bytes());
  }
  return dialects;
}

constexpr Severity kTrace{Level::kDebug, 1};
constexpr Severity kDebug{Level::kDebug, 5};
constexpr Severity kInfo{Level::kInfo, 9};
constexpr Severity kNotice{Level::kInfo, 10};
constexpr Severity kWarn{Level::kWarn, 13};
constexpr Severity kError{Level::kError, 17};
constexpr Severity kCritical{Level::kFatal, 21};
constexpr Severity kSyslogCritical{Level::kError, 18};
constexpr Severity kAlert{Level::kError, 19};

// Hundreds, the first of them for 100.
template <size_t Size>
std::optional<Severity> of_hundreds(const std::array<Severity, Size>& severities, int64_t number) {
  if (number < 100 || number >= static_cast<int64_t>(Size + 1) * 100) return std::nullopt;
  return severities[static_cast<size_t>(number / 100 - 1)];
}

// google.logging.type.LogSeverity.
constexpr std::array kGoogle = {kDebug, kInfo,     kNotice, kWarn,
                                kError, kCritical, kAlert,  kCritical};

// Monolog has levels between the hundreds: 250 notice, 550 alert.
std::optional<Severity> of_monolog(int64_t number) {
  if (number == 250) return kNotice;
  if (number == 550) return kAlert;
  constexpr std::array severities = {kDebug, kInfo, kWarn, kError, kSyslogCritical, kCritical};
  return of_hundreds(severities, number);
}

std::optional<Severity> of_dotnet(int64_t number) {
  constexpr std::array severities = {kTrace, kDebug, kInfo, kWarn, kError, kCritical};
  if (number < 0 || number >= static_cast<int64_t>(severities.size())) return std::nullopt;
  return severities[static_cast<size_t>(number)];
}

std::optional<Severity> of_nextcloud(int64_t number) {
  constexpr std::array severities = {kDebug, kInfo, kWarn, kError, kCritical};
  if (number < 0 || number >= static_cast<int64_t>(severities.size())) return std::nullopt;
  return severities[static_cast<size_t>(number)];
}

// Words that are levels wherever they stand; "fine", "http" or "system" may be anything.
std::optional<Severity> of_plain_word(std::string_view word) {
  constexpr std::array<std::string_view, 13> plain = {
      "trace", "debug",    "info",      "notice", "warn",  "warning", "error",
      "alert", "critical", "emergency", "emerg",  "fatal", "panic"};
  auto severity = severity_of_word(word);
  if (!severity) return std::nullopt;
  for (std::string_view one : plain) {
    if (word.size() != one.size()) continue;
    bool same = true;
    for (size_t i = 0; i < word.size(); ++i) same = same && (word[i] | 0x20) == one[i];
    if (same) return severity;
  }
  return std::nullopt;
}

std::string_view string_of(const Record& record, const Token& token) {
  if (token.type != JsonType::kString) return {};
  return {record.json + token.value + 1, token.value_size - 2};
}

// Tags are anybody's; beside one of these they hold a level.
bool is_type_of_kibana(std::string_view type) {
  return type == "log" || type == "error" || type == "request" || type == "response" ||
         type == "ops";
}

}  // namespace

std::optional<Severity> severity_without_name(const Batch& batch, const Record& record) {
  if (record.token_count == 0) return std::nullopt;
  const Token* status = nullptr;
  const Token* tags = nullptr;
  bool kibana = false, pid = false;
  const Token* root = batch.tokens_of(record);
  for (const Token* child = root + 1; child != root + root->span; child += child->span) {
    std::string_view key{record.json + child->key, child->key_size};
    if (key == "status") status = child;
    if (key == "tags" && child->type == JsonType::kArray) tags = child;
    if (key == "type") kibana = is_type_of_kibana(string_of(record, *child));
    if (key == "pid") pid = true;
  }
  if (status != nullptr) return of_plain_word(string_of(record, *status));
  if (tags == nullptr || !kibana || !pid) return std::nullopt;
  for (const Token* tag = tags + 1; tag != tags + tags->span; tag += tag->span) {
    if (auto severity = of_plain_word(string_of(record, *tag))) return severity;
  }
  return std::nullopt;
}

std::optional<Severity> severity_by_neighbours(const Batch& batch, const Record& record,
                                               std::string_view name, int64_t number) {
  Dialects dialects = dialects_of(batch, record);
  if (number >= 0 && number <= 7) {
    if (name == "level" && dialects.gelf()) return severity_of_syslog(number);
    if (dialects.facility) return severity_of_syslog(number);
    if (dialects.dotnet) return of_dotnet(number);
    if (name == "level" && dialects.nextcloud()) return of_nextcloud(number);
    return std::nullopt;
  }
  if (name == "severity" && dialects.google) return of_hundreds(kGoogle, number);
  if (name == "level" && dialects.monolog()) return of_monolog(number);
  return std::nullopt;
}

std::optional<Severity> severity_of_logback(int64_t number) {
  if (number < 5000 || number > 50000) return std::nullopt;
  if (number < 10000) return kTrace;
  if (number < 20000) return kDebug;
  if (number < 30000) return kInfo;
  if (number < 40000) return kWarn;
  return number < 50000 ? kError : kCritical;
}

std::optional<Severity> severity_of_opentelemetry(int64_t number) {
  if (number < 1 || number > 24) return std::nullopt;
  Level level = number < 9    ? Level::kDebug
                : number < 13 ? Level::kInfo
                : number < 17 ? Level::kWarn
                : number < 21 ? Level::kError
                              : Level::kFatal;
  return Severity{level, static_cast<uint8_t>(number)};
}

}  // namespace waybill::parsers
