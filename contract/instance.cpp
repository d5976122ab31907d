// SPDX-License-Identifier: Apache-2.0
#include "contract/instance.h"

#include <fmt/format.h>

#include "core/batch.h"

namespace waybill::contract {

std::string Instance::read(std::string_view text) {
  if (text.size() > UINT32_MAX / 2) return "larger than 2 GiB";
  // RFC 8259, 8.1: a byte order mark may be passed over.
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text_.assign("{\"\":");
  text_ += text;
  text_ += '}';
  size_t size = text_.size();
  text_.append(kPadding, '\0');
  tokens_.clear();
  uint32_t duplicates = 0;
  switch (walker_.walk({text_.data(), size}, tokens_, duplicates)) {
    case WalkOutcome::kObject: break;
    case WalkOutcome::kBadUtf8: return "not UTF-8";
    case WalkOutcome::kRawControl: return "not JSON: a control character inside a string";
    case WalkOutcome::kTooDeep: return fmt::format("nested deeper than {} levels", kMaxDepth);
    case WalkOutcome::kMalformed: return "not JSON";
  }
  // A text like `1,"x":2` would have become two members.
  if (tokens_[1].span + 1 != tokens_.size()) return "not JSON";
  return {};
}

}  // namespace waybill::contract
