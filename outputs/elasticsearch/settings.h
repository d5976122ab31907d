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

struct Settings : http::Settings {
  std::vector<std::string> endpoints;
  std::string data_stream;  // one of these two: where documents go
  std::string index;
  Mapping mapping = Mapping::kEcs;
  Compression compression = Compression::kNone;
  std::string pipeline;

  const std::string& target() const { return data_stream.empty() ? index : data_stream; }
};

const config::OptionTable<Settings>& options();

// What is wrong with a name, for people; "" when nothing is. A data stream is called
// `logs-<dataset>-<namespace>`, or anything an index may be called.
std::string data_stream_fault(std::string_view name);
std::string index_fault(std::string_view name);

// The data stream of a service: logs-<service>-default, with whatever a name may not have as '_'.
std::string data_stream_of(std::string_view service);

const Descriptor& descriptor();

}  // namespace waybill::outputs::elasticsearch
