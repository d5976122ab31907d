// SPDX-License-Identifier: Apache-2.0
// The shapes of words and times that patterns know by their types. All look at ASCII alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/ascii.h"
#include "core/level.h"
#include "parsers/common/time.h"

namespace waybill::parsers::formats {

// "081109 203615", "161209 14:18:50", "161209  4:18:50": the size is in `Time::size`.
std::optional<Time> ymd_time(std::string_view text, TimeZone& zone, int64_t now_ns);
// "0102 03:04:05.678901", "20260102 03:04:05.678901", "260102 03:04:05.678901" (CockroachDB).
std::optional<Time> glog_time(std::string_view text, TimeZone& zone, int64_t now_ns);
// Noon of "2026.01.02" or "2026-01-02".
std::optional<int64_t> day_at_start(std::string_view text, TimeZone& zone);
constexpr size_t kDateSize = 10;  // of such a date
// "01-02|03:04:05.678" (geth), "20260102:030405.678" (Zabbix), "1/2/26, 3:04:05:678 UTC" and
// "01/02/2026, 3:04:05 AM" (WebSphere and Nest), "02Jan2026 03:04:05.678" (Forge),
// "0102/030405.678901" (Chromium), "2026-01-02|03:04:05.678" (CometBFT),
// "02-Jan-2026::03:04:05" (Erlang).
std::optional<Time> stamp_time(std::string_view text, TimeZone& zone, int64_t now_ns);
// "02 Jan 03:04:05 " (Redis up to 2.4).
std::optional<Time> day_month_time(std::string_view text, TimeZone& zone, int64_t now_ns);
// Of pairs as ArcSight's CEF and IBM's LEEF have them: when the event was received, else when it
// ended or began, by their usual names.
std::optional<Time> time_of_event(std::string_view pairs, TimeZone& zone, int64_t now_ns);
// "server.go:42", "pkg/server.go:42", "web.go:42:run()".
bool is_place(std::string_view word);
// Letters, digits and "._$/:@#-", one of the first two or '_' at the front, and some letter.
bool is_name(std::string_view word);
// How the messages of this broker begin: its times are numbers that other lines begin with, too.
bool is_mosquitto(std::string_view message);
// RFC 9562, section 4: 8-4-4-4-12 hex digits.
bool is_uuid(std::string_view word);
// A name with a dot in it: "odoo.http".
bool is_dotted(std::string_view word);
// The same, with a capital in front and behind the last dot, and with one of .NET's levels before
// it: trce, dbug, info, warn, fail, crit.
bool is_category(std::string_view word, std::string_view level);
// Eight hex digits.
bool is_hex_id(std::string_view word);
// "kid1", "squid"
bool is_squid(std::string_view word);
// Capitals, digits and '_'.
bool is_capitals(std::string_view word);
// "org.foo.Bar", "server.Server": dots, and of a single one a capital behind it.
bool is_class(std::string_view word);
// Of a list of values with commas between ("ada", "\"ada\"", "\"a \"\"b\"\"\"", or nothing): the
// bytes that the first takes, and what it is without its quotes; npos: they do not end.
size_t size_of_csv(std::string_view text, std::string_view& value);
// "10.0.0.2", "10.0.0.2, 10.0.0.1", at the beginning of `text`: the bytes that they take.
size_t size_of_clients(std::string_view text);
// "-", "ada", and "Ada King" if a " [" stands behind it: the bytes that it takes; 0 for none.
size_t size_of_user(std::string_view text);
// The letters of WebSphere's basic format; nothing for those that say no level (O, R: its streams).
std::optional<Severity> websphere_level(char letter);

}  // namespace waybill::parsers::formats
