// SPDX-License-Identifier: Apache-2.0
#include "outputs/otlp/reply.h"

#include <simdjson.h>

#include <charconv>
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

namespace waybill::outputs::otlp {

namespace {

using simdjson::dom::element;

// Calls read(root) for a body that is JSON.
template <typename Read>
void read_json(std::string_view body, Read read) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(body.data(), body.size()).get(root) == simdjson::SUCCESS) read(root);
}

std::string text_of(const element& holder, std::string_view key) {
  std::string_view text;
  return holder[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::optional<PartialSuccess> partial_success_of_json(std::string_view body) {
  std::optional<PartialSuccess> found;
  read_json(body, [&](const element& root) {
    element partial;
    if (root["partialSuccess"].get(partial) != simdjson::SUCCESS) return;
    found.emplace();
    found->message = text_of(partial, "errorMessage");
    // 64 bits stand as text, and are read as a number, too.
    std::string digits = text_of(partial, "rejectedLogRecords");
    std::from_chars(digits.data(), digits.data() + digits.size(), found->rejected);
    int64_t number = 0;
    if (partial["rejectedLogRecords"].get(number) == simdjson::SUCCESS) found->rejected = number;
  });
  return found;
}

// ExportLogsServiceResponse { ExportLogsPartialSuccess partial_success = 1; }
// ExportLogsPartialSuccess { int64 rejected_log_records = 1; string error_message = 2; }
std::optional<PartialSuccess> partial_success_of_protobuf(std::string_view body) {
  std::optional<PartialSuccess> found;
  try {
    protozero::pbf_reader reply(body.data(), body.size());
    while (reply.next(1, protozero::pbf_wire_type::length_delimited)) {
      PartialSuccess partial;
      protozero::pbf_reader fields = reply.get_message();
      while (fields.next()) {
        switch (fields.tag_and_type()) {
          case protozero::tag_and_type(1, protozero::pbf_wire_type::varint):
            partial.rejected = fields.get_int64();
            break;
          case protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited):
            partial.message = fields.get_string();
            break;
          default: fields.skip();
        }
      }
      found = std::move(partial);
    }
  } catch (const protozero::exception&) {
    // Not the message that the specification asks for.
    return std::nullopt;
  }
  return found;
}

// google.rpc.Status { int32 code = 1; string message = 2; repeated Any details = 3; }
std::string status_message_of_protobuf(std::string_view body) {
  try {
    std::string message;
    protozero::pbf_reader status(body.data(), body.size());
    while (status.next()) {
      if (status.tag_and_type() ==
          protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited)) {
        message = status.get_string();
      } else {
        status.skip();
      }
    }
    return message;
  } catch (const protozero::exception&) {
    return {};
  }
}

}  // namespace

std::optional<PartialSuccess> partial_success(const http::Response& response) {
  return response.content_type == "application/json" ? partial_success_of_json(response.body)
                                                     : partial_success_of_protobuf(response.body);
}

std::string status_message(const http::Response& response) {
  if (response.content_type == "text/plain" || response.content_type == "text/html") return {};
  if (response.content_type != "application/json") return status_message_of_protobuf(response.body);
  std::string message;
  read_json(response.body, [&](const element& root) { message = text_of(root, "message"); });
  return message;
}

}  // namespace waybill::outputs::otlp
