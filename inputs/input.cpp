// SPDX-License-Identifier: Apache-2.0
#include "inputs/input.h"

namespace waybill::inputs {

bool Input::reconfigure(const Input& next) { return settings_text == next.settings_text; }

}  // namespace waybill::inputs
