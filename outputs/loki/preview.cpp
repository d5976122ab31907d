// SPDX-License-Identifier: Apache-2.0
// What `waybill explain` shows of a push: read back from the bytes that would be sent.
#include <fmt/format.h>
#include <snappy.h>

#include <protozero/pbf_reader.hpp>

#include "core/check.h"
#include "outputs/loki/encoder.h"

namespace waybill::outputs::loki {

namespace {

std::string_view text_of(protozero::pbf_reader& field) {
  protozero::data_view view = field.get_view();
  return {view.data(), view.size()};
}

std::string time_of(protozero::pbf_reader timestamp) {
  int64_t seconds = 0;
  int32_t nanos = 0;
  while (timestamp.next()) {
    if (timestamp.tag() == 1) {
      seconds = timestamp.get_int64();
    } else {
      nanos = timestamp.get_int32();
    }
  }
  return fmt::format("{}{:09}", seconds, nanos);
}

std::string pair_of(protozero::pbf_reader pair) {
  std::string name, value;
  while (pair.next()) (pair.tag() == 1 ? name : value) = text_of(pair);
  return fmt::format("{}=\"{}\"", name, value);
}

std::string entry_of(protozero::pbf_reader entry) {
  std::string time, line, metadata;
  while (entry.next()) {
    switch (entry.tag()) {
      case 1: time = time_of(entry.get_message()); break;
      case 2: line = text_of(entry); break;
      case 3: metadata += (metadata.empty() ? "" : " ") + pair_of(entry.get_message()); break;
      default: entry.skip();
    }
  }
  return fmt::format("time     {}\nline     {}\nmetadata {}", time, line, metadata);
}

}  // namespace

std::string Backend::preview(const delivery::Payload& payload) const {
  delivery::Body body;
  const uint32_t only = 0;
  compose(payload, {&only, 1}, body);
  std::string push;
  std::string_view packed = body.bytes.view();
  WAYBILL_CHECK(snappy::Uncompress(packed.data(), packed.size(), &push), "what we packed opens");
  std::string shown;
  std::string_view tenant = request_key(payload.groups[payload.slices.front().group]);
  if (!tenant.empty()) shown = fmt::format("tenant   {}\n", tenant);
  protozero::pbf_reader request(push);
  while (request.next(1)) {
    protozero::pbf_reader stream = request.get_message();
    while (stream.next()) {
      if (stream.tag() == 1) {
        shown += fmt::format("stream   {}", text_of(stream));
      } else if (stream.tag() == 2) {
        shown += "\n" + entry_of(stream.get_message());
      } else {
        stream.skip();
      }
    }
  }
  return shown;
}

}  // namespace waybill::outputs::loki
