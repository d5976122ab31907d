// SPDX-License-Identifier: Apache-2.0
#include "outputs/otlp/settings.h"

#include <fmt/format.h>

#include "outputs/basics.h"
#include "outputs/http/http_output.h"
#include "outputs/otlp/encoder.h"

namespace waybill::outputs::otlp {

namespace {

std::unique_ptr<Output> make(const config::Section& section) {
  Settings settings;
  options().read(section, settings);
  if (settings.protocol != Protocol::kHttpProtobuf) {
    section.fault("protocol", section.shown("protocol") +
                                  " is planned but not built in this version: use http/protobuf "
                                  "(port 4318 of a collector)");
  }
  if (settings.endpoint.empty()) return nullptr;  // reported by read()
  std::optional<http::Url> url = http::read_url(section, "endpoint", settings.endpoint, settings);
  if (!url || settings.protocol != Protocol::kHttpProtobuf) return nullptr;
  return http::make_output(section, settings, std::make_unique<Backend>(settings, *url));
}

std::string to_section(std::string_view value, const Identity&) {
  return fmt::format("{{type: otlp, endpoint: {}}}", yaml_quoted(value));
}

const config::OptionList& option_list() { return options().list(); }

}  // namespace

const config::OptionTable<Settings>& options() {
  static const auto table = [] {
    config::OptionTable<Settings> made;
    http::add_options(made);
    made.required_text("endpoint", &Settings::endpoint,
                       "base URL of the collector, without /v1/logs, such as http://otel:4318")
        .choice("protocol", &Settings::protocol, {"http/protobuf", "http/json", "grpc"},
                "how records are sent; http/json and grpc are not built yet")
        .choice("compression", &Settings::compression, {"gzip", "none"},
                "of requests: gzip takes a fraction of the bytes and several times the processor "
                "time");
    return made;
  }();
  return table;
}

const Descriptor& descriptor() {
  static const Descriptor made{
      "otlp", "exports to an OpenTelemetry collector", &option_list, &make, "otlp=", &to_section};
  return made;
}

}  // namespace waybill::outputs::otlp
