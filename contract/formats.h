// SPDX-License-Identifier: Apache-2.0
// What `format` means, where it is asserted: each function is one format's definition.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace waybill::contract {

enum class Format : uint8_t {
  kDateTime,
  kDate,
  kTime,
  kDuration,
  kUuid,
  kIpv4,
  kIpv6,
  kHostname,
  kIdnHostname,
  kEmail,
  kIdnEmail,
  kUri,
  kUriReference,
  kIri,
  kIriReference,
  kUriTemplate,
  kRegex,
  kJsonPointer,
  kRelativeJsonPointer,
};

// The format called so; nothing: it is not asserted, whatever it is.
std::optional<Format> format_of(std::string_view name);
std::string_view format_name(Format format);
// Whether the text, valid UTF-8, is of the format.
bool has_format(Format format, std::string_view text);

// ---- by their definitions ----

bool is_date_time(std::string_view text);     // RFC 3339, 5.6
bool is_date(std::string_view text);          // the same: full-date
bool is_time(std::string_view text);          // the same: full-time; a leap second ends a UTC day
bool is_duration(std::string_view text);      // RFC 3339, appendix A
bool is_uuid(std::string_view text);          // RFC 4122, 3: 8-4-4-4-12 hex digits
bool is_ipv4(std::string_view text);          // RFC 2673, 3.2: four decimal bytes, no leading zeros
bool is_ipv6(std::string_view text);          // RFC 4291, 2.2
bool is_hostname(std::string_view text);      // RFC 1123, 2.1; A-labels as RFC 5891, 5.4 reads them
bool is_idn_hostname(std::string_view text);  // RFC 5890: the same with characters of all scripts
bool is_email(std::string_view text);         // RFC 5321, 4.1.2: Mailbox
bool is_idn_email(std::string_view text);     // RFC 6531: the same with characters of all scripts
bool is_uri(std::string_view text);           // RFC 3986: with a scheme
bool is_uri_reference(std::string_view text);
bool is_iri(std::string_view text);  // RFC 3987: the same with characters of all scripts
bool is_iri_reference(std::string_view text);
bool is_uri_template(std::string_view text);  // RFC 6570
bool is_regex(std::string_view text);         // ECMA-262, with the flag u
bool is_json_pointer(std::string_view text);  // RFC 6901
bool is_relative_json_pointer(std::string_view text);

}  // namespace waybill::contract
