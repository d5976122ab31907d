// SPDX-License-Identifier: Apache-2.0
// HttpOutput: sends payloads to a Backend over HTTP, and never gives up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "config/section.h"
#include "outputs/http/backend.h"
#include "outputs/http/http_settings.h"
#include "outputs/output.h"

namespace waybill::outputs::http {

// The output of a section whose settings have been read: what a Descriptor's make() returns. Null
// when the shared settings are at fault (credentials, certificates, headers), which is reported.
//
//   LokiSettings settings;
//   table().read(section, settings);
//   std::optional<Url> url = http::read_url(section, "endpoint", settings.endpoint, settings);
//   if (!url) return nullptr;
//   return http::make_output(section, settings, std::make_unique<LokiBackend>(settings, *url));
std::unique_ptr<Output> make_output(const config::Section& section, const Settings& settings,
                                    std::unique_ptr<Backend> backend);

// Backend::moved_fields() of an output that is one of these; any thread. Nothing for any other.
std::optional<uint64_t> moved_fields(const Output& output);

}  // namespace waybill::outputs::http
