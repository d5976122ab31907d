// SPDX-License-Identifier: Apache-2.0
// From OTLP/JSON, as json_attributes.h and encoder.h write it, to protobuf: for records that an
// earlier run has left in the spool as JSON, and that gRPC is to take. Slow, and seldom called for.
#pragma once

#include <string>
#include <string_view>

namespace waybill::outputs::otlp {

// Both take a list of objects with a comma behind each, and give the fields of a ScopeLogs and of a
// Resource. What is no such thing, which a damaged spool may hold, is left out.
std::string protobuf_of_records(std::string_view json);
std::string protobuf_of_resource(std::string_view json);

}  // namespace waybill::outputs::otlp
