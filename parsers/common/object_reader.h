// SPDX-License-Identifier: Apache-2.0
// ObjectReader: a JSON object as tokens, and its members offered to a Lift by their names.
#pragma once

#include <string_view>

#include "core/batch.h"
#include "core/json_walker.h"
#include "parsers/common/lift.h"

namespace waybill::parsers {

// One per parser: it keeps the walker's scratch memory.
class ObjectReader {
 public:
  // Validates `text`, behind which kPadding bytes are readable, as one JSON object, its UTF-8 and
  // its control characters repaired where that helps. True: its tokens stand behind those of the
  // batch, and `record` has json, first_token, token_count, marks.duplicate_keys and
  // marks.repaired. False: the batch's tokens are as they were.
  bool walk(Batch& batch, Record& record, std::string_view text);

  // Offers the members of the record's object whose names are known, nested ones included, but for
  // those of the slots in `blocked` (a bit each).
  void offer(Batch& batch, const Record& record, Lift& lift, uint64_t blocked = 0);
  // The same for the members of the root from its `first`th on, and for those before it alone.
  void offer_from(Batch& batch, const Record& record, Lift& lift, uint32_t first,
                  uint64_t blocked = 0);
  void offer_before(Batch& batch, const Record& record, Lift& lift, uint32_t first);

  // Whether the object that was offered last has a time as Serilog's compact format writes it.
  bool has_clef_time() const { return clef_time_; }

 private:
  // Deepest path in names.inc: log.origin.file.line.
  static constexpr uint32_t kDeepestName = 4;
  static constexpr size_t kLongestPath = 64;

  struct Offer {
    Batch& batch;
    const Record& record;
    Lift& lift;
    const Token* root;
    uint64_t blocked;
  };
  void offer_inside(const Offer& to, const Token* child, const Token* end, std::string_view path);

  JsonWalker walker_;
  bool clef_time_ = false;
  char path_[kLongestPath] = {};  // find_name() may read 8 bytes behind a key's beginning
};

}  // namespace waybill::parsers
