// SPDX-License-Identifier: Apache-2.0
// KeyValue and AnyValue as OTLP/JSON has them (opentelemetry-proto, docs/specification.md, "JSON
// Protobuf Encoding"): {"key":"took","value":{"intValue":"7"}}. The text of a JSON line goes over
// as it stands there, escapes and all.
#pragma once

#include <string_view>

#include "core/canonical.h"
#include "outputs/otlp/attributes.h"

namespace waybill::outputs::otlp {

// Writes KeyValues to `out`, each with a comma behind it. As Attributes, for templates that write
// either.
class JsonAttributes {
 public:
  JsonAttributes(Buffer& out, Attributes::Scratch& scratch) : out_(out), scratch_(scratch) {}

  void add(std::string_view key, const Scalar& value);
  void add(std::string_view key, Text value);  // nothing when absent
  void add(const Record& record, const Member& member, std::string_view key);
  void add(const Record& record, const Member& member);

  // Key and suffix; valid until the next call.
  std::string_view key_of(const Member& member) {
    return Attributes(out_, scratch_, 0).key_of(member);
  }

 private:
  void open(std::string_view key);
  void close();
  void add_value(const Record& record, const Member& member);

  Buffer& out_;
  Attributes::Scratch& scratch_;
};

// What the last item of a list leaves behind it.
inline void drop_comma(Buffer& out) {
  if (!out.empty() && out.view().back() == ',') out.resize(out.size() - 1);
}

// The inside of a JSON string. As append_json(), but that a surrogate without its other half, which
// an escape can say and no character is, becomes U+FFFD: some readers refuse a whole request for
// it.
void append_sound(Buffer& out, Text text);

// {"stringValue":"…"}
void append_string_value(Buffer& out, Text value);

}  // namespace waybill::outputs::otlp
