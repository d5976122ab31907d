// SPDX-License-Identifier: Apache-2.0
// Amount: the number in a field, in the unit that a metric comes out in.
#pragma once

#include <optional>
#include <string_view>

#include "core/expression.h"

namespace waybill::metrics {

// What a number without a unit is. Times come out in seconds, sizes in bytes.
enum class Unit : uint8_t { kNone, kSeconds, kMilliseconds, kMicroseconds, kNanoseconds, kBytes };

// By the end of a name: "took_ms" and "tookMs" are kMilliseconds. kNone where it says nothing.
Unit unit_of_name(std::string_view name);

// Finite; nothing when the field holds no such thing. A number, also as text; where the unit is not
// kBytes also times as text: "38ms", "1.5s", "1h2m3s", "7 µs", which are seconds then.
std::optional<double> amount_of(const FieldValue& value, Unit unit);

}  // namespace waybill::metrics
