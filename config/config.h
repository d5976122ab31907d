// SPDX-License-Identifier: Apache-2.0
// Config: the whole of waybill.yaml, typed. Inputs and outputs stay Sections, which their own
// kinds read (inputs/registry, outputs/registry).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/expansion.h"
#include "config/section.h"
#include "core/clock.h"
#include "core/level.h"
#include "core/result.h"

namespace waybill::config {

// All empty when not said in the file; OTEL_* and detectors fill what is left.
struct ServiceSettings {
  std::string name;
  std::string version;
  std::string namespace_;
  std::string environment;
  int64_t max_from_lines = 1000;  // different names that lines may give themselves
};

// Where resource attributes come from that nobody wrote down.
struct DetectSettings {
  bool host = false, os = false, process = false;  // asked of this machine
  std::vector<std::string> clouds;                 // "aws", "gcp", "azure": asked over the network
  std::string podinfo = "/etc/podinfo";
};

// Which lines belong together; at least one of the two is not empty.
struct JoinRuleSection {
  std::string start;  // regular expressions, not compiled yet
  std::string go_on;  // `continue`
  Section section;    // where faults of it are reported
};

struct MultilineSettings {
  bool automatic = true;               // `auto` is the mode, or one of its items
  std::vector<JoinRuleSection> rules;  // in file order
  int64_t max_lines = 500;             // of one event
  size_t max_bytes = size_t{256} * 1024;
  Duration timeout = std::chrono::milliseconds(300);
};

// A line that a pattern must match, and what must become of it.
struct SampleSettings {
  size_t index = 0;  // in the list, see Section::fault_at_item
  std::string line;
  std::vector<Leaf> record;
};

// One of parse.patterns, not compiled yet.
struct PatternSettings {
  std::string name;     // is_name(), no format's that is built in, and no other pattern's
  std::string regex;    // one of these two,
  std::string dissect;  // the other is empty
  std::vector<std::pair<std::string, std::string>> types;  // group and int, float, bool, duration …
  std::vector<SampleSettings> samples;
};
struct PatternSection {
  PatternSettings settings;
  Section section;  // where faults of it are reported
};

struct ParseSettings {
  std::vector<std::string> formats = {"auto"};  // names known to load()'s caller, never empty
  std::vector<PatternSection> patterns;         // in file order
  Level default_level = Level::kInfo;           // of text lines that name none; never kNone
  std::string default_zone = "local";           // "local", "UTC" or an IANA name, not looked up yet
  MultilineSettings multiline;
  size_t max_line = 1024 * 1024;
};

// What records of a service are held to.
struct SchemaRule {
  enum class On : uint8_t { kRecord, kLine };
  enum class Format : uint8_t { kAnnotate, kAssert };
  enum class OnViolation : uint8_t { kTag, kRepair, kQuarantine, kDrop, kOff };
  std::string file = "builtin";  // as written: "builtin", or a path that starts at base_folder
  std::string base_folder;       // the config file's; empty: the working directory
  On on = On::kRecord;
  Format format = Format::kAnnotate;
  OnViolation on_violation = OnViolation::kTag;
};
// What a rule of by_service does not say is as for all.
struct ServiceSchema {
  std::string service;
  SchemaRule rule;
  Section section;  // where faults of it are reported
};
struct SchemaSettings {
  SchemaRule all;                                        // of every service without its own
  std::vector<ServiceSchema> by_service;                 // in file order
  std::vector<std::pair<std::string, std::string>> map;  // URI and folder
  std::optional<Section> section;  // where faults of it are reported; nothing: a flag made it
};

// One of the rules of `redact`; one of detect, field and pattern is not empty.
struct RedactionRule {
  enum class Action : uint8_t { kMask, kDrop, kHmac };
  std::vector<std::string> detect;  // names of detectors, not looked up yet
  std::string field;                // a path of the record
  std::string pattern;              // a regular expression, not compiled yet
  std::string name;                 // of field and pattern; empty: made from these
  Action action = Action::kMask;
  int64_t keep = 0;         // of kMask: characters at the end that stay
  std::string key_file;     // of kHmac: as written, a path that starts at base_folder
  std::string base_folder;  // the config file's; empty: the working directory
  std::vector<std::string> samples, counter_samples;  // of pattern
};
struct RedactionSection {
  RedactionRule rule;
  Section section;  // where faults of it are reported
};

// Which trace a line belongs to that names none.
struct TraceSettings {
  enum class Derive : uint8_t { kOff, kRequestId };
  enum class Generate : uint8_t { kOff, kRequest, kRun };
  struct Inherit {
    std::vector<std::string> keys = {"request_id", "correlation_id"};  // these, and "thread"
    Duration ttl = std::chrono::seconds(30);                           // of event time; more than 0
    int64_t max_keys = 65536;  // that are remembered at a time
  };
  Inherit inherit;
  Derive derive = Derive::kOff;
  std::string derive_key_file;       // as written; empty: the hash has no key
  std::string base_folder;           // where it starts: the config file's; empty: working directory
  std::optional<Generate> generate;  // nothing: not said (then `exec` means kRun, all else kOff)
  bool propagate = false;            // `exec` gives its child TRACEPARENT
  std::vector<std::string> baggage;  // members that go to the context, besides tenant_id
};

// One of the rules of `sample`; one of the four kinds.
struct SamplingRule {
  enum class Kind : uint8_t { kProbability, kBurst, kLimit, kDedupe };
  struct Burst {
    int64_t first = 100;
    int64_t then_every = 0;  // 0: none behind the first ones
    Duration per = std::chrono::seconds(1);
  };
  struct Limit {
    std::string rate;  // as written: "2000/s"
    std::string key = "service_name";
    int64_t burst = 0;  // 0: what the rate gives in a second
  };
  struct Dedupe {
    Duration window = std::chrono::seconds(10);
    bool similar = false;
  };
  Kind kind = Kind::kProbability;
  std::string name;  // empty: made from kind and place
  std::string when;  // an expression, not compiled yet; empty: always
  double probability = 1;
  Burst burst;
  Limit limit;
  Dedupe dedupe;
};
struct SamplingRuleSection {
  SamplingRule rule;
  Section section;  // where faults of it are reported
};
struct SamplingSettings {
  enum class SampledFlag : uint8_t { kIgnore, kFollow };
  std::string always = "level >= ERROR";  // an expression, not compiled yet
  SampledFlag sampled_flag = SampledFlag::kIgnore;
  bool templates = false;
  std::vector<SamplingRuleSection> rules;  // in file order
  std::optional<Section> section;          // where faults are reported
};

// One of the metrics that are made of records.
struct MetricRule {
  std::string name;  // checked: [a-zA-Z_:][a-zA-Z0-9_:]*
  std::string help;
  std::string when;             // an expression, not compiled yet; empty: all records
  std::vector<std::string> by;  // paths whose values are labels, called after their last part
  std::vector<std::pair<std::string, std::string>> labels;  // the same with names: label and path
  bool template_routes = true;                              // /orders/42 becomes /orders/{id}
  int64_t max_values = 50;                                  // of a label
  int64_t max_series = 500;
  std::string value;  // of a counter: the path of what is added up; empty: records are counted
  std::string field;  // of a histogram: the path of what is observed
  std::string unit = "auto";    // of a histogram: what a bare number in the field is
  std::vector<double> buckets;  // of a histogram: upper bounds; empty: by the unit
};
struct MetricSection {
  MetricRule rule;
  bool histogram = false;
  Section section;  // where faults of it are reported
};
struct MetricsSettings {
  int64_t max_series = 5000;       // of all metrics together
  std::vector<MetricSection> all;  // counters, then histograms, in file order
};

struct AdminSettings {
  std::string listen;  // HOST:PORT, checked; empty: no TCP
};

struct DeadLetterSettings {
  std::string path;                 // empty: dead_letters.ndjson below the state_dir
  size_t size = 100 * 1024 * 1024;  // bytes of all its files; 0: refused records are dropped
  bool operator==(const DeadLetterSettings&) const = default;
};

struct ShutdownSettings {
  Duration grace = std::chrono::seconds(20);
};

// One of `inputs` or `outputs`. Its own keys have not been looked at but for `type`.
struct Named {
  std::string name;  // [A-Za-z0-9_-]{1,64}
  std::string type;  // as written; whether there is such a type is for the registry to say
  Section section;   // everything of it, `type` included
};

struct Config {
  ServiceSettings service;
  std::vector<std::pair<std::string, std::string>> resource;  // in file order
  DetectSettings detect;
  std::string state_dir;       // empty: the default is to be found by the daemon
  size_t memory = 0;           // bytes; 0: auto
  std::vector<Named> inputs;   // in file order
  std::vector<Named> outputs;  // in file order
  ParseSettings parse;
  TraceSettings trace;
  std::optional<std::vector<RedactionSection>> redact;  // nothing: the default rules
  std::optional<SchemaSettings> schema;                 // nothing: no record is judged
  std::optional<SamplingSettings> sampling;             // nothing: every record is sent
  MetricsSettings metrics;
  AdminSettings admin;
  DeadLetterSettings dead_letters;
  ShutdownSettings shutdown;
};

// Reads a config. Nothing comes back when the text cannot be read at all (not text, a syntax
// error, no mapping); else everything that is sound, so that the faults of inputs and outputs can
// be collected as well: whoever wants to *run* it must look at `diagnostics`, too. `file` is what
// faults name; `formats` are the names allowed in parse.formats besides those of the
// patterns. `diagnostics` must outlive the
// Sections of what is returned.
std::optional<Config> load(const std::string& file, std::string_view text,
                           const std::vector<std::string>& formats, Diagnostics& diagnostics,
                           const Environment& environment = process_environment());

// A section from flow YAML that stands in no file, as made for `--to` and OTEL_* variables.
// `name` (the flag or variable) stands in faults, without a position. It is read as a file's text
// would be: a `$` that came from outside must have been doubled (yaml_quoted in config/flow_text.h
// does that). An empty section when the text cannot be read.
Section section_from_text(const std::string& name, std::string_view text, Diagnostics& diagnostics);

// Reports every word under `key` (a text or a list of texts) that is not one of `formats`, with a
// suggestion: for parse.formats and for an input's own `format`.
void check_formats(const Section& section, std::string_view key,
                   const std::vector<std::string>& formats);

// The text of a config file. Errors (kFixConfig) say which file and why: missing, a folder, no
// permission, more than 1 MiB.
Result<std::string> read_file(const std::string& path);

// Every key of the root, with what is below it but for inputs and outputs.
const OptionList& root_options();

}  // namespace waybill::config
