// SPDX-License-Identifier: Apache-2.0
// From encoded records to requests: a ResourceLogs for each resource, a ScopeLogs for each scope.
#include <algorithm>
#include <deque>

#include "core/json_text.h"
#include "outputs/otlp/convert.h"
#include "outputs/otlp/encoder.h"
#include "outputs/otlp/json_attributes.h"
#include "outputs/protobuf.h"
#include "outputs/runs.h"

namespace waybill::outputs::otlp {

namespace {

namespace pb = protobuf;

constexpr uint8_t kResourceLogs = 0x0A;  // of ExportLogsServiceRequest
constexpr uint8_t kResource = 0x0A;      // of ResourceLogs
constexpr uint8_t kScopeLogs = 0x12;
constexpr uint8_t kScope = 0x0A;      // of ScopeLogs
constexpr uint8_t kScopeName = 0x0A;  // of InstrumentationScope
constexpr std::string_view kServiceName = "service.name";

size_t service_size(std::string_view name) {
  return pb::field_size(kServiceName.size()) + pb::field_size(Scalar::string(name).size());
}

}  // namespace

// ---- the form of what an earlier run has left in the spool, under another `protocol` ----

// Either form may be posted to the same URL. gRPC takes protobuf alone: compose() converts.
std::string_view Backend::request_key(const delivery::Group& group) const {
  Form form = read_scope(group.head).form;
  if (form == form_ || grpc_) return {};
  return form == Form::kJson ? kJsonType : kProtobufType;
}

std::string Backend::request_header(std::string_view key) const { return std::string(key); }

void Backend::to_protobuf(Pieces& pieces, std::vector<ScopeLogs>& all,
                          std::deque<std::string>& converted) {
  for (ScopeLogs& logs : all) {
    if (logs.scope.form == Form::kProtobuf) continue;
    logs.scope.form = Form::kProtobuf;
    if (logs.scope.kind == Scope::Kind::kOwn) {
      logs.scope.resource = converted.emplace_back(protobuf_of_resource(logs.scope.resource));
    }
    logs.size = 0;
    for (size_t r = logs.first; r < logs.last; ++r) {
      pieces[r] = converted.emplace_back(protobuf_of_records(pieces[r]));
      logs.size += pieces[r].size();
    }
  }
}

// ---- requests ----

void Backend::compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
                      delivery::Body& body) const {
  body.clear();
  std::vector<Run> runs = runs_of(payload, picks);
  std::vector<ScopeLogs> all;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (i == 0 || runs[i].group != runs[i - 1].group) {
      ScopeLogs& made = all.emplace_back();
      made.scope = read_scope(payload.groups[runs[i].group].head);
      made.first = i;
    }
    all.back().last = i + 1;
    all.back().size += runs[i].end - runs[i].begin;
  }
  if (all.empty()) return;
  Pieces pieces;
  pieces.reserve(runs.size());
  for (const Run& run : runs) pieces.push_back(run.bytes(payload));
  std::deque<std::string> converted;
  if (grpc_) to_protobuf(pieces, all, converted);
  const Form form = all.front().scope.form;
  bool mixed = std::any_of(all.begin(), all.end(),
                           [&](const ScopeLogs& logs) { return logs.scope.form != form; });
  if (mixed) return;  // several requests
  if (form == Form::kJson) {
    compose_json(pieces, all, body.bytes);
  } else {
    compose_protobuf(pieces, all, body.bytes);
  }
  body.plain_size = body.bytes.size();
}

void Backend::compose_protobuf(const Pieces& pieces, std::vector<ScopeLogs>& all,
                               Buffer& out) const {
  for (ScopeLogs& logs : all) {
    if (!logs.scope.name.empty()) {
      logs.size += pb::field_size(pb::field_size(logs.scope.name.size()));
    }
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].written) continue;
    // All scopes of a resource go into one ResourceLogs.
    size_t scopes = 0;
    for (size_t k = i; k < all.size(); ++k) {
      if (all[k].scope.same_resource(all[i].scope)) scopes += pb::field_size(all[k].size);
    }
    size_t resource = resource_size(all[i].scope);
    char* begin = out.reserve(pb::field_size(pb::field_size(resource) + scopes));
    char* to = pb::write_head(begin, kResourceLogs, pb::field_size(resource) + scopes);
    to = write_resource(pb::write_head(to, kResource, resource), all[i].scope);
    for (size_t k = i; k < all.size(); ++k) {
      ScopeLogs& logs = all[k];
      if (!logs.scope.same_resource(all[i].scope)) continue;
      logs.written = true;
      to = pb::write_head(to, kScopeLogs, logs.size);
      if (!logs.scope.name.empty()) {
        to = pb::write_head(to, kScope, pb::field_size(logs.scope.name.size()));
        to = pb::write_field(to, kScopeName, logs.scope.name);
      }
      for (size_t r = logs.first; r < logs.last; ++r) to = pb::write_raw(to, pieces[r]);
    }
    out.advance(static_cast<size_t>(to - begin));
  }
}

void Backend::compose_json(const Pieces& pieces, std::vector<ScopeLogs>& all, Buffer& out) const {
  size_t size = 64;
  for (const ScopeLogs& logs : all) {
    size += logs.size + logs.scope.resource.size() + json_resource_.size() + 256;
  }
  out.reserve(size);
  out.append(R"({"resourceLogs":[)");
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].written) continue;
    out.append(R"({"resource":{"attributes":[)");
    append_json_resource(out, all[i].scope);
    out.append(R"(]},"scopeLogs":[)");
    for (size_t k = i; k < all.size(); ++k) {
      ScopeLogs& logs = all[k];
      if (!logs.scope.same_resource(all[i].scope)) continue;
      logs.written = true;
      out.push_back('{');
      if (!logs.scope.name.empty()) {
        out.append(R"("scope":{"name":)");
        append_json_string(out, logs.scope.name);
        out.append("},");
      }
      out.append(R"("logRecords":[)");
      for (size_t r = logs.first; r < logs.last; ++r) out.append(pieces[r]);
      drop_comma(out);
      out.append("]},");
    }
    drop_comma(out);
    out.append("]},");
  }
  drop_comma(out);
  out.append("]}");
}

void Backend::append_json_resource(Buffer& out, const Scope& scope) const {
  if (scope.kind == Scope::Kind::kOwn) {
    out.append(scope.resource);
  } else {
    out.append(R"({"key":"service.name","value":)");
    Scalar::string(scope.resource).append_json(out);
    out.append("},");
    out.append(json_resource_);
  }
  drop_comma(out);
}

size_t Backend::resource_size(const Scope& scope) const {
  if (scope.kind == Scope::Kind::kOwn) return scope.resource.size();
  return pb::field_size(service_size(scope.resource)) + resource_.size();
}

char* Backend::write_resource(char* to, const Scope& scope) const {
  if (scope.kind == Scope::Kind::kOwn) return pb::write_raw(to, scope.resource);
  Scalar name = Scalar::string(scope.resource);
  to = pb::write_head(to, Attributes::kOfResource, service_size(scope.resource));
  to = pb::write_field(to, 0x0A, kServiceName);
  to = name.write(pb::write_head(to, 0x12, name.size()));
  return pb::write_raw(to, resource_);
}

}  // namespace waybill::outputs::otlp
