// SPDX-License-Identifier: Apache-2.0
// Content: what Grafana, Prometheus and Loki are given: data sources, dashboards, alert rules. Made
// of the files in daemon/grafana/data, in which stand, between two @:
//
//   @level@             the name of the level in Loki, label or not
//   @in_stream:REGEX@   in a stream selector: `, level=~"REGEX"`, if the level is a label
//   @in_line:REGEX@     behind it: ` | level=~"REGEX"` and what is needed for that, if it is none
//   @loki_uid@, @prometheus_uid@   of the data sources
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace waybill::daemon::grafana {

// A data source: one that is made for an URL, or one that is there.
struct Source {
  std::string uid;
  std::string url;  // empty: it is there, or there is none
};

// Where the level of a record is, by the config's `labels` and `line`.
struct Level {
  enum class Place {
    kLabel,     // of the stream
    kMetadata,  // structured metadata
    kLine,      // a key of the line's JSON
  };
  Place place = Place::kLabel;
  std::string name = "level";
};

struct Content {
  Source loki{"waybill-loki", "http://loki:3100"};
  Source prometheus{"waybill-prometheus", "http://prometheus:9090"};
  Source traces;  // an empty uid: trace ids lead nowhere
  bool jaeger = false;
  Level level;
  std::string tenant;  // of Loki; empty: none
};

struct DataSource {
  std::string uid, name;
  std::string json;  // an object, as Grafana's API takes it
};
// Those that are to be made, Loki first.
std::vector<DataSource> data_sources(const Content& content);

struct Dashboard {
  std::string_view file;  // its name
  std::string json;
};
std::vector<Dashboard> dashboards(const Content& content);

struct File {
  std::string path;  // below the folder
  std::string text;
};
// A provisioning folder of Grafana, with the rules of Prometheus and Loki in it. `mounted_at`:
// where Grafana will find it.
std::vector<File> files(const Content& content, std::string_view mounted_at);

// `text` with the places between @ filled. `in_json`: for a string of JSON.
std::string filled(std::string_view text, const Content& content, bool in_json);

}  // namespace waybill::daemon::grafana
