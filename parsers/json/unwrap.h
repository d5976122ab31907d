// SPDX-License-Identifier: Apache-2.0
// JSON inside a JSON string: a line whose message is a JSON object as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "parsers/common/object_reader.h"

namespace waybill::parsers::json {

// So many objects in each other are taken apart; one that is still deeper is a message.
constexpr int kDeepestInside = 2;

// Whether the message may be a JSON object as text. (Its quotes are escaped, so it is no clean
// text.)
inline bool may_be_object(const Record& record) {
  return record.message.form == TextForm::kJson && record.message.data[0] == '{';
}

class Unwrapper {
 public:
  // One object made of the one that is the record's message and of what else the line has: the
  // members of the inner one come first, those of the outer one stand behind them, but for the
  // message; of those that both have the outer one's is called "<key>_2". It lives in the batch's
  // arena, kPadding bytes behind it. Nothing when the message is no object with a member, or is no
  // member of the line itself.
  struct Merged {
    std::string_view json;
    uint32_t inner = 0;  // how many members are the inner one's
  };
  std::optional<Merged> merge(Batch& batch, const Record& record, ObjectReader& reader);

 private:
  std::string_view merged(Batch& batch, const Record& outer, const Record& inner,
                          const Token* message);
  int free_suffix(std::string_view key);

  std::vector<std::string_view> inner_, all_;  // scratch: keys, sorted
  std::string name_;                           // scratch
};

}  // namespace waybill::parsers::json
