// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/http_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "outputs/http/gzip.h"
#include "outputs/printable.h"

namespace waybill::outputs::http {

namespace {

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if ((a[i] | 0x20) != (b[i] | 0x20)) return false;
  }
  return true;
}

bool check_headers(const config::Section& section, const Settings& settings) {
  constexpr std::array<std::string_view, 6> kOurs = {
      "Content-Length", "Content-Encoding", "Content-Type", "Transfer-Encoding", "Host", "Expect"};
  const AuthSettings& auth = settings.auth;
  const bool signs = !auth.aws.region.empty();
  Result<Credentials> credentials = read_credentials(auth);
  std::string own = credentials ? credentials->header : "";
  own.resize(std::min(own.find(':'), own.size()));
  if (signs) own = "Authorization";
  bool fine = true;
  auto refuse = [&](std::string why) {
    section.fault("headers", std::move(why));
    fine = false;
  };
  for (const auto& [name, value] : settings.headers) {
    if (!is_token(name)) refuse(fmt::format("'{}' cannot be a header's name", printable(name)));
    if (has_control(value)) {
      refuse(
          fmt::format("the value of the header {} holds a line break or another control "
                      "character",
                      printable(name)));
    }
    for (std::string_view ours : kOurs) {
      if (!same_name(name, ours)) continue;
      refuse(fmt::format("the header {} is set by waybill itself", name));
    }
    if (!own.empty() && same_name(name, own)) {
      refuse("there are credentials both in `headers` and in `auth`: keep one of them");
    }
    if (signs && value.empty()) {
      refuse(fmt::format("the header {} is empty, and cannot be signed for AWS", name));
    }
  }
  return fine;
}

std::string proxy_fault(const Settings& settings) {
  if (settings.proxy.empty()) {
    return settings.no_proxy.empty() ? "" : "there is `no_proxy`, but no proxy";
  }
  if (settings.proxy == "environment") return {};
  // What is behind the scheme reads as in any other URL.
  std::string text = settings.proxy;
  for (std::string_view scheme : {"socks5://", "socks5h://"}) {
    if (text.starts_with(scheme)) text = "http://" + text.substr(scheme.size());
  }
  Result<Url> proxy = parse_url(text);
  if (!proxy) return "this is not a usable URL: " + proxy.error().what;
  if (proxy->scheme == "unix") return "a proxy is reached over TCP: http://host:3128";
  return {};
}

std::string level_fault(const Settings& settings, Coding coding) {
  int64_t level = settings.compression_level;
  if (coding == Coding::kGzip && level > kMaxGzipLevel) {
    return fmt::format("gzip has levels from 1 to {}", kMaxGzipLevel);
  }
  if (coding == Coding::kNone && level != Settings().compression_level) {
    return "there is nothing to compress with: say `compression`";
  }
  return {};
}

}  // namespace

std::vector<Url> read_urls(const config::Section& section, Settings& settings) {
  const bool one = !settings.endpoint.empty();
  if (one == !settings.endpoints.empty()) {
    // One that is no text (a variable that is not set …) was reported when it was read.
    if (!one && section.has("endpoint") && !section.raw("endpoint")) return {};
    section.fault(one ? "endpoints" : "endpoint",
                  one ? "there is `endpoint` already: write one of them"
                      : "is missing: say where to send, here or, for several, in `endpoints`");
    return {};
  }
  const char* key = one ? "endpoint" : "endpoints";
  const std::vector<std::string> texts =
      one ? std::vector<std::string>{settings.endpoint} : settings.endpoints;
  std::vector<Url> urls;
  bool fine = true;
  for (const std::string& text : texts) {
    if (text.empty()) section.fault(key, "an empty text is no URL");
    std::optional<Url> url = read_url(section, key, text, settings);
    fine = fine && url;
    if (!url) continue;
    bool again = std::any_of(urls.begin(), urls.end(),
                             [&](const Url& other) { return other.text() == url->text(); });
    if (again) section.fault(key, fmt::format("{} is there twice", printable(url->text())));
    fine = fine && !again;
    urls.push_back(*std::move(url));
  }
  if (!fine) urls.clear();
  return urls;
}

bool check_settings(const config::Section& section, const Settings& settings, Coding coding) {
  bool fine = check_auth(section, settings.auth);
  fine = check_headers(section, settings) && fine;
  fine = check_tls(section, settings.tls) && fine;
  for (const auto& [key, fault] : {std::pair("proxy", proxy_fault(settings)),
                                   std::pair("compression_level", level_fault(settings, coding))}) {
    if (fault.empty()) continue;
    section.fault(key, fault);
    fine = false;
  }
  return fine;
}

}  // namespace waybill::outputs::http
