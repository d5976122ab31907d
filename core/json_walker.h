// SPDX-License-Identifier: Apache-2.0
// JsonWalker: one pass over a line that validates all of it as RFC 8259 JSON and leaves a table of
// tokens: where each key and value lies. Nothing is decoded, copied or converted.
//
// simdjson's stage 1 finds the structural characters and checks UTF-8 and control characters; our
// walk over its indexes checks the grammar, every escape, every number, and finds duplicate keys.
// (simdjson's On-Demand front end does not validate what it skips; its DOM decodes everything.)
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/record.h"

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace waybill {

enum class WalkOutcome : uint8_t {
  kObject,      // valid JSON, an object; tokens were appended
  kMalformed,   // not JSON, or not an object
  kBadUtf8,     // would perhaps be JSON if its UTF-8 were repaired
  kRawControl,  // holds unescaped control characters inside a string
  kTooDeep,     // nested deeper than kMaxDepth
};

// One per thread. Keeps its scratch memory between lines.
class JsonWalker {
 public:
  // Deeper than any real log, shallow enough for every backend's own limit to bite first.
  static constexpr uint32_t kMaxDepth = 128;

  JsonWalker();
  ~JsonWalker();
  JsonWalker(JsonWalker&&) = delete;

  // Walks `line`, behind which kPadding bytes must be readable. On kObject the tokens of the
  // object are appended to `tokens`, the object itself first, positions counted from line.data().
  // Otherwise `tokens` is as it was. Of members with equal keys all but the last are marked
  // kCut | kDuplicate, and `duplicate_keys` counts them.
  WalkOutcome walk(std::string_view line, std::vector<Token>& tokens, uint32_t& duplicate_keys);

 private:
  class Walk;
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1_;
  std::vector<std::pair<size_t, uint32_t>> keys_;  // scratch: hash and token of a large object
  std::string key_scratch_;
  std::unique_ptr<Token[]> tokens_;  // scratch: of one line
  size_t room_ = 0;                  // tokens
};

}  // namespace waybill
