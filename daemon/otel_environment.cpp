// SPDX-License-Identifier: Apache-2.0
#include "daemon/otel_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "config/config.h"
#include "config/flow_text.h"
#include "outputs/basics.h"
#include "outputs/http/http_settings.h"
#include "outputs/output.h"

namespace waybill::daemon {

namespace {

constexpr std::string_view kLogsPath = "/v1/logs";
constexpr const char* kDefault = "http/protobuf";

struct Variable {
  std::string name;
  std::string value;
};

// Without the credentials that a URL may hold.
std::string shown(const std::string& text) {
  auto url = outputs::http::parse_url(text);
  return url ? url->text("") : "what is no URL";
}

class Exporter {
 public:
  Exporter(const lineage::Environment& environment, std::vector<std::string>& notes)
      : environment_(environment), notes_(notes) {}

  std::optional<std::string> section() {
    if (environment_("OTEL_LOGS_EXPORTER") == "none") return std::nullopt;
    std::optional<Variable> endpoint = find("ENDPOINT");
    if (!endpoint) return std::nullopt;
    const std::string protocol = protocol_name();
    const bool grpc = protocol == "grpc";
    std::string url = grpc ? grpc_endpoint(endpoint->value) : endpoint->value;
    text_ = "type: otlp, endpoint: ";
    text_ += grpc ? config::yaml_quoted(url) : http_endpoint(*endpoint, url);
    if (protocol != kDefault) text_ += ", protocol: " + protocol;
    if (std::string fault = fault_of(text_); !fault.empty()) {
      notes_.push_back(
          fmt::format("{}: {}: ignored, records do not go there", endpoint->name, fault));
      return std::nullopt;
    }
    notes_.push_back(fmt::format("{} is set: records go to {}, too", endpoint->name, shown(url)));
    headers();
    compression();
    timeout();
    tls();
    return "{" + text_ + "}";
  }

 private:
  // Empty counts as unset.
  std::optional<Variable> find(std::string_view what) {
    for (std::string_view prefix : {"OTEL_EXPORTER_OTLP_LOGS_", "OTEL_EXPORTER_OTLP_"}) {
      std::string name = fmt::format("{}{}", prefix, what);
      auto value = environment_(name.c_str());
      if (value && !value->empty()) return Variable{name, *value};
    }
    return std::nullopt;
  }

  std::string protocol_name() {
    auto found = find("PROTOCOL");
    if (!found) return kDefault;
    for (const char* known : {kDefault, "http/json", "grpc"}) {
      if (found->value == known) return known;
    }
    ignored(*found, "grpc, http/protobuf or http/json");
    return kDefault;
  }

  // What the output has against such a section; "" for nothing. A variable that an application's
  // SDK is configured with is no reason not to start.
  static std::string fault_of(const std::string& text) {
    config::Diagnostics diagnostics;
    config::Section section = config::section_from_text("", "{" + text + "}", diagnostics);
    outputs::find("otlp")->make(section);
    return diagnostics.empty() ? "" : diagnostics.faults().front().message;
  }

  // Adds an option, unless the output would refuse it: then a note says so of `variables`.
  bool add(const std::string& variables, const std::string& option) {
    std::string fault = fault_of(text_ + ", " + option);
    if (fault.empty()) {
      text_ += ", " + option;
      return true;
    }
    notes_.push_back(fmt::format("{}: {}: ignored", variables, fault));
    return false;
  }

  // The logs' own endpoint is used as it is, all signals' is a base. `url`: what is written.
  static std::string http_endpoint(const Variable& variable, std::string& url) {
    if (variable.name.find("_LOGS_") == variable.name.npos) return config::yaml_quoted(url);
    if (!url.ends_with(kLogsPath)) return config::yaml_quoted(url) + ", path: \"\"";
    url.resize(url.size() - kLogsPath.size());
    return config::yaml_quoted(url);
  }

  // A URL whose path counts for nothing, or a target as gRPC names them (its naming.md): without a
  // scheme of HTTP, _INSECURE says whether there is TLS.
  std::string grpc_endpoint(std::string url) {
    constexpr std::string_view kUnix = "unix:";
    constexpr std::string_view kDns = "dns:";
    if (url.starts_with(kUnix)) {
      if (!url.starts_with("unix://")) url.insert(kUnix.size(), "//");
      return url;
    }
    if (url.starts_with(kDns)) {
      url.erase(0, kDns.size());
      // The name server to ask is none of ours.
      if (url.starts_with("//")) url.erase(0, std::min(url.find('/', 2), url.size() - 1) + 1);
    }
    size_t scheme = url.find("://");
    if (scheme == url.npos) {
      url.insert(0, insecure() ? "http://" : "https://");
      scheme = url.find("://");
    }
    url.resize(std::min(url.find('/', scheme + 3), url.size()));
    return url;
  }

  bool insecure() {
    auto found = find("INSECURE");
    if (!found) return false;
    std::string value = found->value;
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (value != "true" && value != "false") ignored(*found, "true or false");
    return value == "true";
  }

  // "key=value,…" with percent-encoded values.
  void headers() {
    auto found = find("HEADERS");
    if (!found) return;
    auto pairs = lineage::parse_resource_attributes(found->value);
    if (!pairs) {
      notes_.push_back(found->name +
                       " is not of the form key=value,key=value: all of it is ignored");
      return;
    }
    std::string text;
    for (const auto& [key, value] : *pairs) {
      std::string more = fmt::format("{}{}: {}", text.empty() ? "" : ", ", config::yaml_quoted(key),
                                     config::yaml_quoted(value));
      std::string fault = fault_of(fmt::format("{}, headers: {{{}{}}}", text_, text, more));
      if (fault.empty()) {
        text += more;
      } else {
        notes_.push_back(fmt::format("{}: {}: this one is ignored", found->name, fault));
      }
    }
    if (!text.empty()) text_ += ", headers: {" + text + "}";
  }

  void compression() {
    auto found = find("COMPRESSION");
    if (!found) return;
    if (found->value == "gzip" || found->value == "none") {
      text_ += ", compression: " + found->value;
    } else {
      ignored(*found, "gzip or none");
    }
  }

  void timeout() {
    auto found = find("TIMEOUT");
    if (!found) return;
    bool number = found->value.size() <= 9 &&
                  std::all_of(found->value.begin(), found->value.end(),
                              [](unsigned char c) { return std::isdigit(c) != 0; });
    // 0 is "no limit" there, and no limit means that a dead peer is waited for for ever.
    if (number && found->value != "0") {
      add(found->name, "timeout: " + found->value + "ms");
    } else {
      ignored(*found, "milliseconds, at least 1");
    }
  }

  void tls() {
    auto option = [](const char* key, const Variable& file) {
      return fmt::format("{}: {}", key, config::yaml_quoted(file.value));
    };
    auto authorities = find("CERTIFICATE");
    std::string ca = authorities ? option("ca_file", *authorities) : "";
    const std::string before = text_;
    if (!ca.empty() && !add(authorities->name, "tls: {" + ca + "}")) ca.clear();
    auto certificate = find("CLIENT_CERTIFICATE");
    auto key = find("CLIENT_KEY");
    if (!certificate && !key) return;
    std::string ours, names;
    for (const auto& [name, file] : {std::pair("cert_file", certificate), {"key_file", key}}) {
      if (!file) continue;
      ours += (ours.empty() ? "" : ", ") + option(name, *file);
      names += (names.empty() ? "" : ", ") + file->name;
    }
    const std::string with_ca = std::exchange(text_, before);
    if (!add(names, "tls: {" + (ca.empty() ? "" : ca + ", ") + ours + "}")) text_ = with_ca;
  }

  void ignored(const Variable& variable, const char* wanted) {
    notes_.push_back(
        fmt::format("{} is '{}' ({}): ignored", variable.name, variable.value, wanted));
  }

  const lineage::Environment& environment_;
  std::vector<std::string>& notes_;
  std::string text_;
};

}  // namespace

std::optional<std::string> otlp_from_environment(const lineage::Environment& environment,
                                                 std::vector<std::string>& notes) {
  return Exporter(environment, notes).section();
}

}  // namespace waybill::daemon
