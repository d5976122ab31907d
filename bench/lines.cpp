// SPDX-License-Identifier: Apache-2.0
#include "bench/lines.h"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <iterator>

namespace waybill::bench {

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr long kSpread = 48;  // how much lines differ from their average at most

constexpr std::array<std::string_view, 5> kMethods = {"GET", "GET", "POST", "PUT", "DELETE"};
constexpr std::array<std::string_view, 6> kRoutes = {
    "/api/v1/orders", "/api/v1/carts", "/api/v1/users", "/api/v2/search", "/healthz", "/login"};
constexpr std::array<std::string_view, 4> kLevels = {"info", "info", "debug", "warn"};
constexpr std::array<std::string_view, 6> kMessages = {
    "request completed", "order accepted",     "cache miss, asking upstream",
    "payment reserved",  "retrying after 503", "session refreshed"};
// Prose to bring a line to its length with.
constexpr std::string_view kProse =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 "
    "Safari/537.36 checkout-web/4.17.2 build 20260102 canary eu-central-1 blue rolling restart "
    "pending, keeping connection open for the next request of this customer until idle ";

}  // namespace

bool shape_of(std::string_view name, Shape& shape) {
  if (name == "zap") shape = Shape::kZap;
  if (name == "text") shape = Shape::kText;
  if (name == "request") shape = Shape::kRequest;
  if (name == "mixed") shape = Shape::kMixed;
  return name == "zap" || name == "text" || name == "request" || name == "mixed";
}

void LineWriter::append(std::string& out) {
  time_ns_ += static_cast<int64_t>(20'000 + below(1'980'000));
  if (shape_ == Shape::kRequest) return request(out);
  bool json = shape_ == Shape::kZap || (shape_ == Shape::kMixed && below(4) != 0);
  if (json) {
    zap(out);
  } else {
    text(out);
  }
}

void LineWriter::zap(std::string& out) {
  size_t begin = out.size();
  fmt::format_to(
      std::back_inserter(out),
      R"({{"level":"{}","ts":{}.{:06},"logger":"http.server","caller":"server/handler.go:{}",)"
      R"("msg":"{}","trace_id":"{:016x}{:016x}","span_id":"{:016x}","method":"{}",)"
      R"("path":"{}/{}","status":{},"took_ms":{}.{:03},"bytes":{},"cached":{},"agent":")",
      kLevels[below(kLevels.size())], time_ns_ / kSecond, time_ns_ % kSecond / 1000,
      40 + below(400), kMessages[below(kMessages.size())], random_() | 1, random_(), random_() | 1,
      kMethods[below(kMethods.size())], kRoutes[below(kRoutes.size())], below(100'000),
      below(20) == 0 ? 404 : 200, below(300), below(1000), below(50'000),
      below(2) == 0 ? "true" : "false");
  pad(out, begin, "\"}\n", kZapBytes, zap_surplus_);
}

// Ten lines of each, about.
void LineWriter::request(std::string& out) {
  Request& one = requests_[below(requests_.size())];
  bool first = one.lines_left == 0;
  if (first) one = {random_() | 1, 4 + below(12)};
  --one.lines_left;
  size_t begin = out.size();
  fmt::format_to(
      std::back_inserter(out),
      R"({{"level":"{}","ts":{}.{:06},"logger":"http.server","caller":"server/handler.go:{}",)"
      R"("msg":"{}","request_id":"{:016x}",)",
      kLevels[below(kLevels.size())], time_ns_ / kSecond, time_ns_ % kSecond / 1000,
      40 + below(400), kMessages[below(kMessages.size())], one.id);
  if (first) {
    fmt::format_to(std::back_inserter(out), R"("trace_id":"{:016x}{:016x}",)", one.id, ~one.id);
  }
  fmt::format_to(std::back_inserter(out),
                 R"("method":"{}","path":"{}/{}","status":{},"took_ms":{}.{:03},"agent":")",
                 kMethods[below(kMethods.size())], kRoutes[below(kRoutes.size())], below(100'000),
                 below(20) == 0 ? 404 : 200, below(300), below(1000));
  pad(out, begin, "\"}\n", kZapBytes, zap_surplus_);
}

void LineWriter::text(std::string& out) {
  size_t begin = out.size();
  std::time_t seconds = time_ns_ / kSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  fmt::format_to(std::back_inserter(out),
                 "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z {} [worker-{}] shop.orders: {} "
                 "order={} customer=c-{} amount={}.{:02} took={}ms ",
                 utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                 utc.tm_sec, time_ns_ % kSecond / 1'000'000, below(10) == 0 ? "WARN " : "INFO ",
                 below(16), kMessages[below(kMessages.size())], below(1'000'000), below(100'000),
                 below(500), below(100), below(900));
  pad(out, begin, "\n", kTextBytes, text_surplus_);
}

// Brings the line that starts at `begin` to its length: every second one makes up for the one
// before it.
void LineWriter::pad(std::string& out, size_t begin, std::string_view tail, size_t average,
                     long& surplus) {
  long more = surplus != 0 ? -surplus : 1 + static_cast<long>(below(kSpread));
  surplus = surplus != 0 ? 0 : more;
  auto wanted = static_cast<size_t>(static_cast<long>(average) + more);
  size_t filler = wanted - tail.size() - (out.size() - begin);
  out.append(kProse.substr(0, filler));
  out.append(tail);
}

}  // namespace waybill::bench
