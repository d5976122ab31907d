// SPDX-License-Identifier: Apache-2.0
// What `waybill check --connect` asks a cluster, without storing anything.
#pragma once

#include <string>
#include <vector>

#include "outputs/http/backend.h"

namespace waybill::outputs::elasticsearch {

// Probe::kind.
enum class Question : int {
  kBulk,        // a bulk request without a body: credentials are looked at first, then it is a 400
  kTarget,      // what the data stream, or index, is that we write to
  kPrivileges,  // whether these credentials may write to it; where Elasticsearch's security is on
  kClock,       // the time there: Elasticsearch sends no Date
  kPipeline,    // whether there is the ingest pipeline that documents go through
};

// `bulk`: the whole URLs of bulk requests, one for each of `urls`. `target` and `pipeline` (empty:
// none) are percent-encoded in paths.
std::vector<http::Probe> probes_of(const std::vector<http::Url>& urls,
                                   const std::vector<std::string>& bulk, const std::string& target,
                                   const std::string& pipeline);

// What an answer to one of them shows.
Result<http::Finding> judge(const http::Probe& probe, const http::Response& response,
                            const std::string& target, bool is_stream, const std::string& pipeline);

// Of the ingest pipeline of that name.
std::string pipeline_path(std::string_view name);

// A pipeline of this name is none: so Elasticsearch's bulk requests say that they want none.
inline constexpr std::string_view kNoPipeline = "_none";

}  // namespace waybill::outputs::elasticsearch
