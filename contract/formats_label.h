// SPDX-License-Identifier: Apache-2.0
// Labels of internationalised host names.
#pragma once

#include <string_view>

namespace waybill::contract {

// Whether what stands behind "xn--" is Punycode (RFC 3492) of a label that IDNA 2008 allows: its
// characters by their categories and the exceptions of RFC 5892 (2.6), no mark at its beginning
// (RFC 5891, 4.2.3.2), and what must stand around some of them (RFC 5892, appendix A).
bool is_a_label(std::string_view punycode);

}  // namespace waybill::contract
