// SPDX-License-Identifier: Apache-2.0
#include "daemon/otel_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "outputs/basics.h"
#include "outputs/http/http_settings.h"

namespace waybill::daemon {

namespace {

constexpr std::string_view kLogsPath = "/v1/logs";

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
    std::optional<std::string> endpoint = endpoint_url();
    if (!endpoint) return std::nullopt;
    if (auto protocol = find("PROTOCOL"); protocol && protocol->value != "http/protobuf") {
      notes_.push_back(
          fmt::format("{} is {}, and this version sends http/protobuf alone: nothing goes to {}; "
                      "--to otlp=URL names an endpoint for it",
                      protocol->name, protocol->value, shown(*endpoint)));
      return std::nullopt;
    }
    notes_.push_back(said_);
    text_ = "{type: otlp, endpoint: " + outputs::yaml_quoted(*endpoint);
    headers();
    compression();
    timeout();
    tls();
    return text_ + "}";
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

  // The logs' own endpoint is used as it is; ours is the part before /v1/logs.
  std::optional<std::string> endpoint_url() {
    auto found = find("ENDPOINT");
    if (!found) return std::nullopt;
    std::string url = found->value;
    if (found->name.find("_LOGS_") != found->name.npos) {
      if (!url.ends_with(kLogsPath)) {
        notes_.push_back(fmt::format("{} does not end in {}: nothing goes to {}", found->name,
                                     kLogsPath, shown(found->value)));
        return std::nullopt;
      }
      url.resize(url.size() - kLogsPath.size());
    }
    said_ = fmt::format("{} is set: records go to {}, too", found->name, shown(url));
    return url;
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
      text += fmt::format("{}{}: {}", text.empty() ? "{" : ", ", outputs::yaml_quoted(key),
                          outputs::yaml_quoted(value));
    }
    if (!text.empty()) text_ += ", headers: " + text + "}";
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
      text_ += ", timeout: " + found->value + "ms";
    } else {
      ignored(*found, "milliseconds, at least 1");
    }
  }

  void tls() {
    std::string text;
    auto add = [&](const char* variable, const char* key) {
      auto found = find(variable);
      if (!found) return;
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", key,
                          outputs::yaml_quoted(found->value));
    };
    add("CERTIFICATE", "ca_file");
    add("CLIENT_CERTIFICATE", "cert_file");
    add("CLIENT_KEY", "key_file");
    if (!text.empty()) text_ += ", tls: {" + text + "}";
  }

  void ignored(const Variable& variable, const char* wanted) {
    notes_.push_back(
        fmt::format("{} is '{}' ({}): ignored", variable.name, variable.value, wanted));
  }

  const lineage::Environment& environment_;
  std::vector<std::string>& notes_;
  std::string said_;
  std::string text_;
};

}  // namespace

std::optional<std::string> otlp_from_environment(const lineage::Environment& environment,
                                                 std::vector<std::string>& notes) {
  return Exporter(environment, notes).section();
}

}  // namespace waybill::daemon
