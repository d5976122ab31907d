// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/metrics.h"

#include <dirent.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/record.h"

namespace waybill::daemon::admin {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// Collects families; each add() makes one sample of the family that was begun last.
class Families {
 public:
  void begin(const char* name, MetricType type, const char* help) {
    MetricFamily family;
    family.name = name;
    family.type = type;
    family.help = help;
    all_.push_back(std::move(family));
  }
  void add(Labels labels, double value) {
    MetricFamily& family = all_.back();
    ClientMetric& metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    if (family.type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
  }
  void add(Labels labels, uint64_t value) { add(std::move(labels), static_cast<double>(value)); }
  void add(Labels labels, const Histogram& histogram) {
    ClientMetric& metric = all_.back().metric.emplace_back();
    metric.label = std::move(labels);
    uint64_t sum = 0;
    for (size_t i = 0; i < histogram.counts.size(); ++i) {
      sum += histogram.counts[i];
      double bound = i < Histogram::kBounds.size() ? Histogram::kBounds[i]
                                                   : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({sum, bound});
    }
    metric.histogram.sample_count = sum;
    metric.histogram.sample_sum = histogram.sum;
  }
  std::string text() const {
    // A family without samples says nothing.
    std::vector<MetricFamily> full;
    std::copy_if(all_.begin(), all_.end(), std::back_inserter(full),
                 [](const MetricFamily& family) { return !family.metric.empty(); });
    return prometheus::TextSerializer().Serialize(full);
  }

 private:
  std::vector<MetricFamily> all_;
};

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

void add_outputs(Families& families, const Ledger& ledger) {
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
    add("sampled", counts.sampled);
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

void add_records(Families& families, const Ledger& ledger) {
  families.begin("waybill_trace_origin_total", MetricType::Counter,
                 "Records by where their trace id came from.");
  auto origins = ledger.trace_origins();
  for (size_t i = 0; i < origins.size(); ++i) {
    std::string name = text(trace_origin_name(static_cast<TraceOrigin>(i)));
    families.add({{"origin", name.empty() ? "none" : name}}, origins[i]);
  }
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

std::string metrics_text(const Ledger& ledger, const ByteBudget& budget,
                         const ReloadCounts& reloads) {
  Families families;
  add_inputs(families, ledger);
  add_outputs(families, ledger);
  add_records(families, ledger);
  add_contract(families, ledger);
  families.begin("waybill_memory_bytes", MetricType::Gauge,
                 "Memory held by batches and queues, of the budget.");
  families.add({}, static_cast<double>(budget.used()));
  families.begin("waybill_memory_limit_bytes", MetricType::Gauge, "The memory budget.");
  families.add({}, static_cast<double>(budget.limit()));
  families.begin("waybill_config_reloads_total", MetricType::Counter, "Reloads, by result.");
  families.add({{"result", "applied"}}, reloads.applied);
  families.add({{"result", "refused"}}, reloads.refused);
  families.begin("waybill_build_info", MetricType::Gauge, "1, with the version as a label.");
  families.add({{"version", WAYBILL_VERSION}}, 1.0);
  add_process(families);
  return families.text();
}

}  // namespace waybill::daemon::admin
