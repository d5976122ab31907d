// SPDX-License-Identifier: Apache-2.0
// The section of an output `type: otlp`.
#pragma once

#include <string>

#include "config/options.h"
#include "outputs/http/http_settings.h"
#include "outputs/output.h"

namespace waybill::outputs::otlp {

enum class Protocol { kHttpProtobuf, kHttpJson, kGrpc };
enum class Compression { kGzip, kNone };

struct Settings : http::Settings {
  std::string endpoint;
  Protocol protocol = Protocol::kHttpProtobuf;
  Compression compression = Compression::kGzip;
};

const config::OptionTable<Settings>& options();

const Descriptor& descriptor();

}  // namespace waybill::outputs::otlp
