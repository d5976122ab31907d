// SPDX-License-Identifier: Apache-2.0
// The section of an output `type: elasticsearch`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"
#include "outputs/http/http_settings.h"
#include "outputs/output.h"

namespace waybill::outputs::elasticsearch {

enum class Mapping { kEcs, kFlat };
enum class Compression { kNone, kGzip };
enum class TypeConflicts { kMove, kReject };

struct Settings : http::Settings {
  std::string data_stream;  // one of these two: where documents go
  std::string index;        // may have %Y, %m, %d and %H: of each record's time, in UTC
  Mapping mapping = Mapping::kEcs;
  Compression compression = Compression::kNone;
  std::string pipeline;
  TypeConflicts type_conflicts = TypeConflicts::kMove;

  const std::string& target() const { return data_stream.empty() ? index : data_stream; }
};

const config::OptionTable<Settings>& options();

// Reads the section, and its URLs; false when something is wrong with it, which is reported.
bool read_settings(const config::Section& section, Settings& settings,
                   std::vector<http::Url>& urls);

// What is wrong with a name, for people; "" when nothing is. A data stream is called
// `logs-<dataset>-<namespace>`, or anything an index may be called.
std::string data_stream_fault(std::string_view name);
std::string index_fault(std::string_view name);

// The name that documents go to, * in it for each part of the time.
std::string index_wildcard(const Settings& settings);

// The data stream of a service: logs-<service>-default, with whatever a name may not have as '_'.
std::string data_stream_of(std::string_view service);

const Descriptor& descriptor();

}  // namespace waybill::outputs::elasticsearch
