// SPDX-License-Identifier: Apache-2.0
#include "redaction/field_path.h"

#include <fmt/format.h>

#include <algorithm>

namespace waybill::redaction {

namespace {

constexpr std::string_view kAnyPart = "*", kAnyParts = "**";
// Where the text of a line goes.
constexpr std::string_view kRoots[] = {"message",    "logger",         "thread",    "caller",
                                       "request_id", "correlation_id", "tenant_id", "tracestate",
                                       "error",      "context",        kAnyPart,    kAnyParts};

}  // namespace

Result<FieldPath> FieldPath::parse(std::string_view text) {
  FieldPath path;
  for (size_t at = 0; at <= text.size();) {
    size_t end = std::min(text.find('.', at), text.size());
    if (end == at) {
      return Error{Action::kFixConfig, fmt::format("'{}' has an empty part: write it as "
                                                   "context.user.ssn",
                                                   text)};
    }
    path.parts_.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (path.parts_.size() > kMostParts) {
    return Error{Action::kFixConfig, fmt::format("has {} parts, and {} at most are looked at",
                                                 path.parts_.size(), kMostParts)};
  }
  const std::string& root = path.parts_.front();
  if (std::find(std::begin(kRoots), std::end(kRoots), root) != std::end(kRoots)) return path;
  constexpr std::string_view ours[] = {
      "timestamp",    "level",          "service_name", "trace_id",    "span_id",
      "resource",     "source",         "id",           "sample_rate", "trace_flags",
      "trace_origin", "parent_span_id", "schema_errors"};
  if (std::find(std::begin(ours), std::end(ours), root) != std::end(ours)) {
    return Error{Action::kFixConfig, fmt::format("'{}' is a place that is never redacted", root)};
  }
  return Error{
      Action::kFixConfig,
      fmt::format("'{}' is no place of a record (did you mean 'context.{}'?)", root, text)};
}

std::string_view FieldPath::needle() const {
  const std::string& last = parts_.back();
  bool context = parts_.front() == "context" && parts_.size() > 1;
  bool sure = context && last.size() > 1 && last.find('*') == last.npos && last != "level_text";
  return sure ? std::string_view(last) : std::string_view();
}

FieldPath::Places FieldPath::closed(Places places) const {
  for (size_t i = 0; i < parts_.size(); ++i) {
    if ((places >> i & 1) != 0 && parts_[i] == kAnyParts) places |= Places{1} << (i + 1);
  }
  return places;
}

FieldPath::Places FieldPath::step_part(Places places, std::string_view part) const {
  Places next = 0;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if ((places >> i & 1) == 0) continue;
    if (parts_[i] == kAnyParts) {
      next |= Places{1} << i;
    } else if (parts_[i] == kAnyPart || parts_[i] == part) {
      next |= Places{1} << (i + 1);
    }
  }
  return closed(next);
}

FieldPath::Places FieldPath::step(Places places, std::string_view key) const {
  while (places != 0) {
    size_t end = key.find('.');
    places = step_part(places, key.substr(0, end));
    if (end == std::string_view::npos) break;
    key.remove_prefix(end + 1);
  }
  return places;
}

}  // namespace waybill::redaction
