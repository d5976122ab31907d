// SPDX-License-Identifier: Apache-2.0
// Instance: any JSON text as a Value; what JsonWalker takes is objects alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contract/value.h"
#include "core/json_walker.h"

namespace waybill::contract {

// Keeps its memory between texts. Of members with equal keys the last one counts.
class Instance {
 public:
  // Levels of arrays and objects.
  static constexpr uint32_t kMaxDepth = JsonWalker::kMaxDepth - 1;

  // Why the text is no JSON value that can be judged; empty: it is one.
  std::string read(std::string_view text);
  // Of the last text that was read; valid until the next one.
  Value value() const { return Value::of(text_.data(), tokens_[1], Token::kDuplicate); }
  // For the validator's limits.
  size_t size() const { return tokens_.size() + text_.size() / 64; }

 private:
  JsonWalker walker_;
  std::string text_;
  std::vector<Token> tokens_;
};

}  // namespace waybill::contract
