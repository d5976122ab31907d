// SPDX-License-Identifier: Apache-2.0
// What `waybill explain` shows of a request: OTLP/JSON (opentelemetry-specification, protocol/otlp,
// "JSON Protobuf Encoding"), read back from the bytes that would be sent; or these themselves.
#include <fmt/format.h>

#include <protozero/pbf_reader.hpp>

#include "core/json_text.h"
#include "outputs/otlp/encoder.h"

namespace waybill::outputs::otlp {

namespace {

using protozero::pbf_reader;

std::string_view bytes_of(pbf_reader& field) {
  protozero::data_view view = field.get_view();
  return {view.data(), view.size()};
}

// An object or array that is being written.
class Json {
 public:
  Json& key(std::string_view name) {
    comma();
    append_json_string(out_, name);
    out_.push_back(':');
    fresh_ = true;
    return *this;
  }
  void open(char bracket) {
    comma();
    out_.push_back(bracket);
    fresh_ = true;
  }
  void close(char bracket) {
    out_.push_back(bracket);
    fresh_ = false;
  }
  void plain(std::string_view value) {
    comma();
    out_.append(value);
  }
  void string(std::string_view value) {
    comma();
    append_json_string(out_, value);
  }
  void hex(std::string_view value) {
    std::string digits;
    for (char byte : value) digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    string(digits);
  }
  std::string take() const { return std::string(out_.view()); }

 private:
  void comma() {
    if (!fresh_) out_.push_back(',');
    fresh_ = false;
  }
  Buffer out_;
  bool fresh_ = true;
};

void write_value(Json& json, pbf_reader value);

void write_pair(Json& json, pbf_reader pair) {
  json.open('{');
  while (pair.next()) {
    if (pair.tag() == 1) {
      json.key("key").string(bytes_of(pair));
    } else {
      json.key("value");
      write_value(json, pair.get_message());
    }
  }
  json.close('}');
}

template <typename Item>
void write_list(Json& json, pbf_reader list, Item item) {
  json.open('{');
  json.key("values").open('[');
  while (list.next(1)) item(json, list.get_message());
  json.close(']');
  json.close('}');
}

void write_value(Json& json, pbf_reader value) {
  json.open('{');
  while (value.next()) {
    switch (value.tag()) {
      case 1: json.key("stringValue").string(bytes_of(value)); break;
      case 2: json.key("boolValue").plain(value.get_bool() ? "true" : "false"); break;
      case 3: json.key("intValue").string(fmt::to_string(value.get_int64())); break;
      case 4: json.key("doubleValue").plain(fmt::to_string(value.get_double())); break;
      case 5: json.key("arrayValue"), write_list(json, value.get_message(), write_value); break;
      case 6: json.key("kvlistValue"), write_list(json, value.get_message(), write_pair); break;
      default: value.skip();
    }
  }
  json.close('}');
}

// Repeated fields stand together in what we send, but for attributes: each is collected first.
std::string attributes_of(pbf_reader message, uint32_t tag) {
  Json json;
  json.open('[');
  while (message.next(tag)) write_pair(json, message.get_message());
  json.close(']');
  return json.take();
}

void write_record(Json& json, pbf_reader record) {
  constexpr uint32_t kAttributes = 6;
  const std::string attributes = attributes_of(record, kAttributes);
  json.open('{');
  while (record.next()) {
    switch (record.tag()) {
      case 1: json.key("timeUnixNano").string(fmt::to_string(record.get_fixed64())); break;
      case 2: json.key("severityNumber").plain(fmt::to_string(record.get_enum())); break;
      case 3: json.key("severityText").string(bytes_of(record)); break;
      case 5: json.key("body"), write_value(json, record.get_message()); break;
      case 8: json.key("flags").plain(fmt::to_string(record.get_fixed32())); break;
      case 9: json.key("traceId").hex(bytes_of(record)); break;
      case 10: json.key("spanId").hex(bytes_of(record)); break;
      case 11: json.key("observedTimeUnixNano").string(fmt::to_string(record.get_fixed64())); break;
      default: record.skip();
    }
  }
  json.key("attributes").plain(attributes);
  json.close('}');
}

void write_scope_logs(Json& json, pbf_reader logs) {
  json.open('{');
  while (logs.next()) {
    if (logs.tag() == 1) {
      pbf_reader scope = logs.get_message();
      while (scope.next(1)) {
        json.key("scope").open('{');
        json.key("name").string(bytes_of(scope));
        json.close('}');
      }
    } else if (logs.tag() == 2) {
      json.key("logRecords").open('[');
      write_record(json, logs.get_message());
      json.close(']');
    } else {
      logs.skip();
    }
  }
  json.close('}');
}

}  // namespace

std::string Backend::preview(const delivery::Payload& payload) const {
  if (form_ == Form::kJson) return http::Backend::preview(payload);
  delivery::Body body;
  const uint32_t only = 0;
  compose(payload, {&only, 1}, body);
  std::string_view bytes = body.bytes.view();
  pbf_reader request(bytes.data(), bytes.size());
  Json json;
  while (request.next(1)) {
    pbf_reader logs = request.get_message();
    json.open('{');
    while (logs.next()) {
      if (logs.tag() == 1) {
        json.key("resource").open('{');
        json.key("attributes").plain(attributes_of(logs.get_message(), 1));
        json.close('}');
      } else if (logs.tag() == 2) {
        json.key("scopeLogs").open('[');
        write_scope_logs(json, logs.get_message());
        json.close(']');
      } else {
        logs.skip();
      }
    }
    json.close('}');
  }
  return json.take();
}

}  // namespace waybill::outputs::otlp
