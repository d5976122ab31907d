// SPDX-License-Identifier: Apache-2.0
#include "outputs/elasticsearch/settings.h"

#include <fmt/format.h>

#include "config/flow_text.h"
#include "outputs/basics.h"
#include "outputs/elasticsearch/encoder.h"
#include "outputs/http/http_output.h"
#include "outputs/pattern.h"

namespace waybill::outputs::elasticsearch {

namespace {

constexpr size_t kMaxName = 255;
constexpr size_t kMaxPart = 100;  // of a data stream's dataset and namespace
constexpr std::string_view kForbidden = "\\/*?\"<>|,#: ";

bool is_forbidden(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7f || kForbidden.find(c) != std::string_view::npos;
}

// Of an index whose name may have the time in it.
std::string index_pattern_fault(std::string_view text) {
  Pattern pattern;
  std::string fault = pattern.parse(text, false, nullptr);
  return fault.empty() ? index_fault(pattern.example()) : fault;
}

bool check_target(const config::Section& section, const Settings& settings) {
  bool both = section.has("data_stream") && section.has("index");
  if (both) {
    section.fault("index", "there is data_stream already: documents go to one of them");
    return false;
  }
  if (settings.target().empty()) {
    section.fault("data_stream",
                  "say where documents go: data_stream, such as "
                  "logs-checkout-default, or index");
    return false;
  }
  bool stream = !settings.data_stream.empty();
  std::string fault =
      stream ? data_stream_fault(settings.data_stream) : index_pattern_fault(settings.index);
  if (!fault.empty()) section.fault(stream ? "data_stream" : "index", fault);
  return fault.empty();
}

std::unique_ptr<Output> make(const config::Section& section) {
  Settings settings;
  std::vector<http::Url> urls;
  if (!read_settings(section, settings, urls)) return nullptr;
  return http::make_output(section, settings, std::make_unique<Backend>(settings, urls));
}

std::string to_section(std::string_view value, const Identity& identity) {
  return fmt::format("{{type: elasticsearch, endpoints: [{}], data_stream: {}}}",
                     config::yaml_quoted(value),
                     config::yaml_quoted(data_stream_of(identity.service_name)));
}

const config::OptionList& option_list() { return options().list(); }

}  // namespace

const config::OptionTable<Settings>& options() {
  static const auto table = [] {
    config::OptionTable<Settings> made;
    http::add_options(made, "URL of a node, or of what stands in front of the cluster")
        .text("data_stream", &Settings::data_stream,
              "the data stream to write to, such as logs-checkout-default")
        .text("index", &Settings::index,
              "an index or alias to write to instead; %Y %m %d %H are those of the record's time, "
              "in UTC: logs-%Y.%m.%d")
        .choice("mapping", &Settings::mapping, {"ecs", "flat"},
                "names of fields: those of the Elastic Common Schema, or the record's own")
        .choice("compression", &Settings::compression, {"none", "gzip"},
                "of requests: gzip is worth it where the network is slower than the processor")
        .text("pipeline", &Settings::pipeline, "an ingest pipeline for the documents")
        .choice("type_conflicts", &Settings::type_conflicts, {"move", "reject"},
                "a field of the context that is of another type in the index: `move` writes it to "
                "<field>_text instead, as text; `reject` leaves the document to be refused");
    http::add_compression_level(made);
    return made;
  }();
  return table;
}

bool read_settings(const config::Section& section, Settings& settings,
                   std::vector<http::Url>& urls) {
  options().read(section, settings);
  urls = http::read_urls(section, settings);
  bool good = check_target(section, settings);
  return good && !urls.empty();
}

std::string index_fault(std::string_view name) {
  if (name.empty()) return "an empty name";
  if (name.size() > kMaxName) {
    return fmt::format("a name has at most {} bytes, this one {}", kMaxName, name.size());
  }
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') return fmt::format("'{}': names are lower case", name);
    if (is_forbidden(c)) {
      return fmt::format("'{}': a name has no blank and none of \\ / * ? \" < > | , # :", name);
    }
  }
  if (name == "." || name == ".." || std::string_view("-_+").find(name[0]) != std::string::npos ||
      name.substr(0, 4) == ".ds-") {
    return fmt::format("'{}': a name does not begin with - _ + or .ds-", name);
  }
  return {};
}

std::string data_stream_fault(std::string_view name) {
  std::string fault = index_fault(name);
  if (!fault.empty() || name.substr(0, 5) != "logs-") return fault;
  std::string_view rest = name.substr(5);
  size_t dash = rest.find('-');
  std::string_view dataset = rest.substr(0, dash);
  std::string_view space = dash == std::string_view::npos ? "" : rest.substr(dash + 1);
  if (dataset.empty() || space.empty() || space.find('-') != std::string_view::npos) {
    return fmt::format(
        "'{}': a data stream of logs is called logs-<dataset>-<namespace>, without "
        "a - in either: perhaps {}?",
        name, data_stream_of(rest));
  }
  if (dataset.size() > kMaxPart || space.size() > kMaxPart) {
    return fmt::format("'{}': dataset and namespace have at most {} bytes each", name, kMaxPart);
  }
  return {};
}

std::string index_wildcard(const Settings& settings) {
  std::string_view target = settings.target();
  if (!settings.data_stream.empty()) return std::string(target);
  std::string name;
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i] != '%' || i + 1 == target.size()) {
      name += target[i];
    } else if (target[++i] == '%') {
      name += '%';
    } else if (name.empty() || name.back() != '*') {
      name += '*';
    }
  }
  return name;
}

std::string data_stream_of(std::string_view service) {
  std::string name = "logs-";
  for (char c : service.substr(0, kMaxPart)) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    auto byte = static_cast<unsigned char>(c);
    name += c == '-' || is_forbidden(c) || byte >= 0x80 ? '_' : c;
  }
  if (name.size() == 5) name += "unknown_service";
  return name + "-default";
}

const Descriptor& descriptor() {
  static const Descriptor made{"elasticsearch", "indexes in Elasticsearch or OpenSearch",
                               &option_list,    &make,
                               "es=",           &to_section};
  return made;
}

}  // namespace waybill::outputs::elasticsearch
