// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/metrics.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

#include "core/record.h"
#include "core/utf8.h"
#include "daemon/admin/families.h"
#include "lineage/headers.h"

namespace waybill::daemon::admin {

namespace {

using prometheus::MetricType;

std::string text(std::string_view view) { return std::string(view); }

void add_inputs(Families& families, const Ledger& ledger) {
  std::vector<std::pair<std::string, InputCounts>> inputs;
  for (const InputLedger* input : ledger.inputs()) {
    inputs.emplace_back(input->name(), input->snapshot());
  }
  auto each = [&](const char* name, MetricType type, const char* help, auto value) {
    families.begin(name, type, help);
    for (const auto& [input, counts] : inputs) families.add({{"input", input}}, value(counts));
  };
  constexpr MetricType counter = MetricType::Counter;
  each("waybill_input_lines_total", counter, "Lines read.",
       [](const InputCounts& c) { return c.lines; });
  each("waybill_input_records_total", counter, "Records made of lines.",
       [](const InputCounts& c) { return c.records; });
  each("waybill_input_joined_total", counter, "Lines that became part of another line's record.",
       [](const InputCounts& c) { return c.joined; });
  each("waybill_input_empty_total", counter, "Lines without anything but blanks.",
       [](const InputCounts& c) { return c.empty; });
  each("waybill_input_bytes_total", counter, "Bytes read.",
       [](const InputCounts& c) { return c.bytes; });
  each("waybill_input_lag_bytes", MetricType::Gauge, "Bytes of files not read yet.",
       [](const InputCounts& c) { return c.lag_bytes; });
  each("waybill_input_connections", MetricType::Gauge, "Connections that are open.",
       [](const InputCounts& c) { return c.connections; });
  each("waybill_input_connections_total", counter, "Connections accepted.",
       [](const InputCounts& c) { return c.accepted; });
  each("waybill_input_connections_refused_total", counter,
       "Connections whose TLS handshake failed.", [](const InputCounts& c) { return c.refused; });
  each("waybill_input_connections_broken_total", counter,
       "Connections closed because a message had no sound count of octets.",
       [](const InputCounts& c) { return c.broken; });
  each("waybill_input_truncated_lines_total", counter, "Lines longer than parse.max_line.",
       [](const InputCounts& c) { return c.truncated_lines; });
  each("waybill_input_truncated_bytes_total", counter, "Bytes cut off such lines.",
       [](const InputCounts& c) { return c.truncated_bytes; });
  each("waybill_input_repaired_lines_total", counter,
       "Lines with invalid UTF-8 or raw control characters, which were replaced.",
       [](const InputCounts& c) { return c.repaired_lines; });
  each("waybill_input_duplicate_keys_total", counter,
       "Fields left out because a later one has the same key.",
       [](const InputCounts& c) { return c.duplicate_keys; });
  each("waybill_input_clock_skew_total", counter,
       "Records whose time is far off the time at which they were read.",
       [](const InputCounts& c) { return c.clock_skew; });
  families.begin("waybill_input_missed_total", counter,
                 "What was never read: datagrams (kernel) or bytes (the others).");
  for (const auto& [input, counts] : inputs) {
    for (size_t i = 0; i < kMissReasonCount; ++i) {
      families.add({{"input", input}, {"reason", text(kMissReasonNames[i])}}, counts.missed[i]);
    }
  }
  families.begin("waybill_parsed_total", counter, "Records by the parser that understood them.");
  for (const auto& [input, counts] : inputs) {
    for (const auto& [format, records] : counts.formats) {
      families.add({{"input", input}, {"format", text(format)}}, records);
    }
  }
}

void add_outputs(Families& families, const Ledger& ledger, const sampling::Counts& sampled) {
  std::vector<std::pair<std::string, OutputSnapshot>> outputs;
  for (const OutputLedger* output : ledger.outputs()) {
    outputs.emplace_back(output->name(), output->snapshot());
  }
  constexpr MetricType counter = MetricType::Counter;
  families.begin("waybill_output_records_total", counter, "Records by what became of them.");
  for (const auto& entry : outputs) {
    const std::string& output = entry.first;
    const OutputSnapshot& now = entry.second;
    const OutputCounts& counts = now.counts;
    auto add = [&](const char* result, uint64_t value) {
      families.add({{"output", output}, {"result", result}}, value);
    };
    add("delivered", counts.delivered);
    add("filtered", counts.filtered);
    // Without those that wait in the flight recorder: a counter never falls.
    add("sampled", sampled.settled(output));
    add("folded", counts.folded);
    add("dropped", counts.dropped_total());
    add("dead_lettered", counts.dead_lettered);
  }
  families.begin("waybill_dropped_total", counter, "Records dropped, by reason.");
  for (const auto& [output, now] : outputs) {
    for (size_t i = 0; i < kDropReasonCount; ++i) {
      families.add({{"output", output}, {"reason", text(kDropReasonNames[i])}},
                   now.counts.dropped[i]);
    }
  }
  auto each = [&](const char* name, MetricType type, const char* help, auto value) {
    families.begin(name, type, help);
    for (const auto& [output, now] : outputs) families.add({{"output", output}}, value(now));
  };
  each("waybill_output_retries_total", counter, "Requests sent again.",
       [](const OutputSnapshot& o) { return o.retries; });
  each("waybill_output_in_flight_records", MetricType::Gauge, "Records accepted and not settled.",
       [](const OutputSnapshot& o) { return o.counts.in_flight; });
  each("waybill_output_queue_records", MetricType::Gauge, "Records queued or being sent.",
       [](const OutputSnapshot& o) { return o.queue_records; });
  each("waybill_output_queue_bytes", MetricType::Gauge, "Memory held by them.",
       [](const OutputSnapshot& o) { return o.queue_bytes; });
  each("waybill_spool_records", MetricType::Gauge, "Records on disk, not delivered.",
       [](const OutputSnapshot& o) { return o.spool_records; });
  each("waybill_spool_bytes", MetricType::Gauge, "Bytes that the spool takes on disk.",
       [](const OutputSnapshot& o) { return o.spool_bytes; });
  each("waybill_spool_torn_records_total", MetricType::Counter,
       "Records cut off its end, which were not written to theirs.",
       [](const OutputSnapshot& o) { return o.spool_torn_records; });
  each("waybill_spool_torn_bytes_total", MetricType::Counter,
       "Bytes cut off its end, of records that were being written at a crash.",
       [](const OutputSnapshot& o) { return o.spool_torn_bytes; });
  each("waybill_oldest_undelivered_seconds", MetricType::Gauge,
       "Age of the oldest record queued or being sent.",
       [](const OutputSnapshot& o) { return o.oldest_undelivered_seconds; });
  families.begin("waybill_output_request_seconds", MetricType::Histogram,
                 "How long requests took, their answers included.");
  for (const auto& [output, now] : outputs) {
    families.add({{"output", output}}, now.request_seconds);
  }
}

// Of the outputs that there are now.
void add_present_outputs(Families& families, const MetricSources& from) {
  std::vector<std::pair<std::string, OutputState>> states;
  for (const OutputLedger* output : from.ledger.outputs()) {
    if (from.outputs.contains(output->name())) {
      states.emplace_back(output->name(), output->snapshot().state);
    }
  }
  families.begin("waybill_output_state", MetricType::Gauge,
                 "1 for the state that an output is in.");
  for (const auto& [output, now] : states) {
    for (size_t i = 0; i < kStateNames.size(); ++i) {
      families.add({{"output", output}, {"state", text(kStateNames[i])}},
                   static_cast<size_t>(now) == i ? 1.0 : 0.0);
    }
  }
  families.begin("waybill_spool_limit_bytes", MetricType::Gauge,
                 "Bytes that the spool may take on disk.");
  for (const auto& [output, facts] : from.outputs) {
    if (facts.spool_size > 0) families.add({{"output", output}}, uint64_t{facts.spool_size});
  }
  families.begin("waybill_output_moved_fields_total", MetricType::Counter,
                 "Fields sent as text under another name, as the index has them of another type.");
  for (const auto& [output, facts] : from.outputs) {
    if (facts.moved_fields) families.add({{"output", output}}, *facts.moved_fields);
  }
}

void add_lineage(Families& families, const LineageCounts& now) {
  families.begin("waybill_trace_refused_total", MetricType::Counter,
                 "Values under the names of trace context that are none, by carrier.");
  for (size_t i = 1; i < static_cast<size_t>(lineage::Carrier::kCount); ++i) {
    std::string name = text(lineage::carrier_name(static_cast<lineage::Carrier>(i)));
    families.add({{"carrier", name}}, now.refused[i]);
  }
  families.begin("waybill_trace_not_inherited_total", MetricType::Counter,
                 "Records without a trace whose key had one that was not taken, by reason.");
  families.add({{"reason", "ambiguous"}}, now.ambiguous);
  families.add({{"reason", "expired"}}, now.expired);
  families.begin("waybill_trace_keys_evicted_total", MetricType::Counter,
                 "Keys of traces that were forgotten before their time, for want of room.");
  families.add({}, now.evicted);
  families.begin("waybill_trace_keys", MetricType::Gauge, "Keys of traces that are remembered.");
  families.add({}, now.keys);
  families.begin("waybill_trace_memory_bytes", MetricType::Gauge, "Memory held by them.");
  families.add({}, now.bytes);
}

void add_records(Families& families, const Ledger& ledger) {
  families.begin("waybill_trace_origin_total", MetricType::Counter,
                 "Records by where their trace id came from.");
  auto origins = ledger.trace_origins();
  for (size_t i = 0; i < origins.size(); ++i) {
    std::string name = text(trace_origin_name(static_cast<TraceOrigin>(i)));
    families.add({{"origin", name.empty() ? "none" : name}}, origins[i]);
  }
  add_lineage(families, ledger.lineage());
  families.begin("waybill_service_names_refused_total", MetricType::Counter,
                 "Records whose own service name was one too many.");
  families.add({}, ledger.refused_services());
  families.begin("waybill_log_records_total", MetricType::Counter, "Records by service and level.");
  for (const auto& [service, levels] : ledger.levels()) {
    for (size_t i = 0; i < levels.size(); ++i) {
      if (levels[i] == 0) continue;
      std::string level = text(level_name(static_cast<Level>(i)));
      families.add({{"service", service}, {"level", level.empty() ? "none" : level}}, levels[i]);
    }
  }
}

void add_contract(Families& families, const Ledger& ledger) {
  auto each = [&](const char* name, const char* help, const Ledger::ViolationCounts& counts) {
    families.begin(name, MetricType::Counter, help);
    for (const auto& [kind, count] : counts) {
      families.add({{"service", kind.service}, {"keyword", kind.keyword}, {"path", kind.path}},
                   count);
    }
  };
  each("waybill_schema_violations_total", "What broke a schema.", ledger.violations());
  each("waybill_schema_repairs_total", "What broke a schema and was repaired.",
       ledger.schema_repairs());
}

void add_redactions(Families& families, const redaction::Counts& redactions) {
  families.begin("waybill_redactions_total", MetricType::Counter, "Values redacted, by rule.");
  for (const auto& [rule, values] : redactions.rules()) families.add({{"rule", rule}}, values);
  families.begin("waybill_redaction_withheld_total", MetricType::Counter,
                 "Texts withheld as a whole, as nobody can tell what of them is safe.");
  families.add({}, redactions.withheld());
}

// Label values are short, or dashboards cannot show them.
constexpr size_t kMostTemplate = 120;

void add_recorder(Families& families, const sampling::RecorderState& state) {
  if (!state.on) return;
  auto one = [&](const char* name, MetricType type, const char* help, uint64_t value) {
    families.begin(name, type, help);
    families.add({}, value);
  };
  one("waybill_recorder_lines", MetricType::Gauge, "Lines that wait in the flight recorder.",
      state.lines);
  one("waybill_recorder_bytes", MetricType::Gauge, "Bytes that they take.", state.bytes);
  one("waybill_recorder_traces", MetricType::Gauge,
      "Traces that have lines there, or erred lately.", state.traces);
  one("waybill_recorder_released_total", MetricType::Counter,
      "Lines that were sent as their trace erred.", state.counts.released);
  families.begin("waybill_recorder_evicted_total", MetricType::Counter,
                 "Lines that waited and are not sent any more, by reason.");
  for (size_t i = 0; i < sampling::kEvictionNames.size(); ++i) {
    families.add({{"reason", text(sampling::kEvictionNames[i])}}, state.counts.evicted[i]);
  }
}

void add_sampled(Families& families, const sampling::Counts& sampled) {
  families.begin("waybill_sampled_out_total", MetricType::Counter,
                 "Records that sampling kept back, by rule.");
  for (const auto& [rule, records] : sampled.rules()) families.add({{"rule", rule}}, records);
  families.begin("waybill_new_templates_total", MetricType::Counter,
                 "Message templates that had not been there, or were forgotten.");
  const sampling::TemplateState templates = sampled.templates();
  families.add({}, templates.fresh);
  families.begin("waybill_templates", MetricType::Gauge, "Message templates that are remembered.");
  families.add({}, templates.known);
  families.begin("waybill_template_records_total", MetricType::Counter,
                 "Records of the templates that most records have.");
  std::set<uint64_t> shown;  // a template that was forgotten and came again may be there twice
  for (const sampling::Templates::Line& line : templates.top) {
    if (!shown.insert(line.id).second) continue;
    families.add({{"template_id", fmt::format("{:016x}", line.id)},
                  {"template", text(whole_characters(line.text, kMostTemplate))}},
                 line.records);
  }
  families.begin("waybill_adaptive_probability", MetricType::Gauge,
                 "With which records are sent, errors apart, by service.");
  for (const auto& [service, probability] : sampled.probabilities()) {
    families.add({{"service", service}}, probability);
  }
  add_recorder(families, sampled.recorder());
}

// What the config's `metrics` made of records, and how that went.
void add_configured(Families& families, const metrics::Registry& registry) {
  std::vector<metrics::Snapshot> all;
  for (const auto& family : registry.families()) all.push_back(family->snapshot());
  auto each = [&](const char* name, MetricType type, const char* help, auto value) {
    families.begin(name, type, help);
    for (const metrics::Snapshot& one : all) {
      families.add({{"metric", one.definition->name}}, static_cast<uint64_t>(value(one)));
    }
  };
  each("waybill_metric_series", MetricType::Gauge, "Series of a metric made of records.",
       [](const metrics::Snapshot& one) { return one.rows.size(); });
  each("waybill_metric_overflow_total", MetricType::Counter,
       "Records that a metric counts as `other`, for want of room.",
       [](const metrics::Snapshot& one) { return one.overflowed; });
  each("waybill_metric_skipped_total", MetricType::Counter,
       "Records that a metric is about, without a number in its field.",
       [](const metrics::Snapshot& one) { return one.skipped; });
  for (const metrics::Snapshot& one : all) families.add(one);
}

double start_time_seconds() {
  // Field 22 of /proc/self/stat is the start in clock ticks since boot; the second field, the
  // command's name in brackets, may hold blanks.
  std::ifstream stat_file("/proc/self/stat");
  std::string line;
  std::getline(stat_file, line);
  size_t bracket = line.rfind(')');
  if (bracket == std::string::npos) return 0;
  std::istringstream fields(line.substr(bracket + 2));
  std::string skipped;
  for (int i = 3; i < 22; ++i) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  std::ifstream boot_file("/proc/stat");
  double boot = 0;
  for (std::string word; boot_file >> word;) {
    if (word == "btime") {
      boot_file >> boot;
      break;
    }
  }
  return boot + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

uint64_t open_fds() {
  DIR* dir = opendir("/proc/self/fd");
  if (dir == nullptr) return 0;
  uint64_t count = 0;
  while (readdir(dir) != nullptr) ++count;
  closedir(dir);
  return count - 3;  // ".", "..", and the one of this look
}

void add_process(Families& families) {
  auto one = [&](const char* name, MetricType type, const char* help, double value) {
    families.begin(name, type, help);
    families.add({}, value);
  };
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  std::ifstream statm("/proc/self/statm");
  double virtual_pages = 0;
  double resident_pages = 0;
  statm >> virtual_pages >> resident_pages;
  auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  one("process_cpu_seconds_total", MetricType::Counter, "User and system CPU time.",
      seconds(usage.ru_utime) + seconds(usage.ru_stime));
  one("process_resident_memory_bytes", MetricType::Gauge, "Resident memory.",
      resident_pages * page);
  one("process_virtual_memory_bytes", MetricType::Gauge, "Virtual memory.", virtual_pages * page);
  one("process_open_fds", MetricType::Gauge, "Open file descriptors.",
      static_cast<double>(open_fds()));
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  one("process_max_fds", MetricType::Gauge, "Most file descriptors that may be open.",
      static_cast<double>(limit.rlim_cur));
  one("process_start_time_seconds", MetricType::Gauge, "Start, in seconds since the epoch.",
      start_time_seconds());
}

}  // namespace

std::string metrics_page(const MetricSources& from, bool openmetrics) {
  Families families;
  add_inputs(families, from.ledger);
  add_outputs(families, from.ledger, from.sampled);
  add_present_outputs(families, from);
  add_records(families, from.ledger);
  add_contract(families, from.ledger);
  add_redactions(families, from.redactions);
  add_sampled(families, from.sampled);
  families.begin("waybill_memory_bytes", MetricType::Gauge,
                 "Memory held by batches and queues, of the budget.");
  families.add({}, static_cast<double>(from.budget.used()));
  families.begin("waybill_memory_limit_bytes", MetricType::Gauge, "The memory budget.");
  families.add({}, static_cast<double>(from.budget.limit()));
  families.begin("waybill_config_reloads_total", MetricType::Counter, "Reloads, by result.");
  families.add({{"result", "applied"}}, from.reloads.applied);
  families.add({{"result", "refused"}}, from.reloads.refused);
  families.begin("waybill_build_info", MetricType::Gauge, "1, with the version as a label.");
  families.add({{"version", WAYBILL_VERSION}}, 1.0);
  add_process(families);
  add_configured(families, from.configured);
  return openmetrics ? families.openmetrics() : families.text();
}

}  // namespace waybill::daemon::admin
