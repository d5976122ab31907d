// SPDX-License-Identifier: Apache-2.0
#include "daemon/grafana/content.h"

#include <fmt/format.h>

#include "core/json_text.h"
#include "daemon/grafana/data.h"

namespace waybill::daemon::grafana {

namespace {

constexpr std::string_view kMadeBy =
    "# Made by `waybill setup grafana`, which writes it anew: changes belong into other files.\n";

// Where the id of a trace in a log line, or in an exemplar, leads.
std::string derived_fields(const Content& content) {
  if (content.traces.uid.empty()) return {};
  // With an internal data source the `url` is its query.
  return fmt::format(R"(,
    "derivedFields": [
      {{"name": "Trace", "matcherType": "label", "matcherRegex": "trace_id",
       "url": "${{__value.raw}}", "urlDisplayLabel": "Show the trace", "datasourceUid": {}}}
    ])",
                     json_string(content.traces.uid));
}

std::string loki_json(const Content& content) {
  std::string tenant_name, tenant_value;
  if (!content.tenant.empty()) {
    tenant_name = R"(,
    "httpHeaderName1": "X-Scope-OrgID")";
    tenant_value = fmt::format(R"(,
  "secureJsonData": {{"httpHeaderValue1": {}}})",
                               json_string(content.tenant));
  }
  return fmt::format(R"({{
  "uid": {}, "name": "Waybill Loki", "type": "loki", "access": "proxy",
  "url": {},
  "jsonData": {{
    "maxLines": 1000{}{}
  }}{}
}})",
                     json_string(content.loki.uid), json_string(content.loki.url), tenant_name,
                     derived_fields(content), tenant_value);
}

std::string prometheus_json(const Content& content) {
  std::string exemplars;
  if (!content.traces.uid.empty()) {
    exemplars = fmt::format(R"(,
    "exemplarTraceIdDestinations": [{{"name": "trace_id", "datasourceUid": {}}}])",
                            json_string(content.traces.uid));
  }
  return fmt::format(R"({{
  "uid": {}, "name": "Waybill Prometheus", "type": "prometheus", "access": "proxy",
  "url": {},
  "jsonData": {{
    "httpMethod": "POST"{}
  }}
}})",
                     json_string(content.prometheus.uid), json_string(content.prometheus.url),
                     exemplars);
}

// From a span back to the lines of its trace, of every service.
std::string traces_json(const Content& content) {
  return fmt::format(R"({{
  "uid": {}, "name": {}, "type": {}, "access": "proxy",
  "url": {},
  "jsonData": {{
    "tracesToLogsV2": {{
      "datasourceUid": {}, "spanStartTimeShift": "-5m", "spanEndTimeShift": "5m",
      "customQuery": true,
      "query": "{{service_name=~\".+\"}} | trace_id=\"${{__trace.traceId}}\""
    }}
  }}
}})",
                     json_string(content.traces.uid),
                     content.jaeger ? R"("Waybill Jaeger")" : R"("Waybill Tempo")",
                     content.jaeger ? R"("jaeger")" : R"("tempo")", json_string(content.traces.url),
                     json_string(content.loki.uid));
}

std::string matcher(const Level& level, std::string_view regex) {
  return fmt::format(R"({}=~"{}")", level.name, regex);
}

std::string in_stream(const Level& level, std::string_view regex) {
  return level.place == Level::Place::kLabel ? ", " + matcher(level, regex) : "";
}

// A line that was cut is no JSON any more: it has no level then, and is no error of the query.
std::string in_line(const Level& level, std::string_view regex) {
  switch (level.place) {
    case Level::Place::kLabel: break;
    case Level::Place::kMetadata: return " | " + matcher(level, regex);
    case Level::Place::kLine:
      return fmt::format(R"( | json {0}="{0}" | drop __error__, __error_details__ | {1})",
                         level.name, matcher(level, regex));
  }
  return {};
}

// What stands between two @.
std::string place(std::string_view name, const Content& content) {
  size_t colon = name.find(':');
  std::string_view regex = colon == name.npos ? "" : name.substr(colon + 1);
  name = name.substr(0, colon);
  if (name == "in_stream") return in_stream(content.level, regex);
  if (name == "in_line") return in_line(content.level, regex);
  if (name == "loki_uid") return content.loki.uid;
  if (name == "prometheus_uid") return content.prometheus.uid;
  return content.level.name;
}

// Grafana takes `$` in these files for variables of its environment.
std::string provisioned(const std::vector<DataSource>& sources) {
  std::string text = std::string(kMadeBy) + "apiVersion: 1\ndatasources:\n";
  for (const DataSource& source : sources) {
    std::string item = "  - ";
    for (char c : source.json) {
      if (c == '$') item += '$';
      item += c;
      if (c == '\n') item += "    ";
    }
    text += item + "\n";
  }
  return text;
}

std::string provider(std::string_view mounted_at) {
  std::string path(mounted_at);
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return std::string(kMadeBy) + fmt::format(R"(apiVersion: 1
providers:
  - name: waybill
    folder: Waybill
    folderUid: waybill
    type: file
    allowUiUpdates: true
    options:
      path: {}
)",
                                            json_string(path + "/dashboards/waybill"));
}

}  // namespace

std::string filled(std::string_view text, const Content& content, bool in_json) {
  std::string out;
  while (true) {
    size_t begin = text.find('@');
    size_t end = begin == text.npos ? text.npos : text.find('@', begin + 1);
    if (end == text.npos) return out.append(text);
    out.append(text.substr(0, begin));
    std::string value = place(text.substr(begin + 1, end - begin - 1), content);
    if (in_json) value = json_string(value), value = value.substr(1, value.size() - 2);
    out += value;
    text.remove_prefix(end + 1);
  }
}

std::vector<DataSource> data_sources(const Content& content) {
  std::vector<DataSource> made;
  if (!content.loki.url.empty()) {
    made.push_back({content.loki.uid, "Waybill Loki", loki_json(content)});
  }
  if (!content.prometheus.url.empty()) {
    made.push_back({content.prometheus.uid, "Waybill Prometheus", prometheus_json(content)});
  }
  if (!content.traces.url.empty()) {
    made.push_back({content.traces.uid, content.jaeger ? "Waybill Jaeger" : "Waybill Tempo",
                    traces_json(content)});
  }
  return made;
}

std::vector<Dashboard> dashboards(const Content& content) {
  std::vector<Dashboard> made;
  for (std::string_view file : {"logs.json", "daemon.json"}) {
    made.push_back({file, filled(embedded(file), content, true)});
  }
  return made;
}

std::vector<File> files(const Content& content, std::string_view mounted_at) {
  std::vector<File> made;
  made.push_back({"datasources/waybill.yaml", provisioned(data_sources(content))});
  made.push_back({"dashboards/waybill.yaml", provider(mounted_at)});
  for (Dashboard& dashboard : dashboards(content)) {
    made.push_back(
        {fmt::format("dashboards/waybill/{}", dashboard.file), std::move(dashboard.json)});
  }
  for (const char* server : {"prometheus", "loki"}) {
    made.push_back({fmt::format("rules/{}.yaml", server),
                    std::string(kMadeBy) +
                        filled(embedded(fmt::format("{}-rules.yaml", server)), content, false)});
  }
  return made;
}

}  // namespace waybill::daemon::grafana
