// SPDX-License-Identifier: Apache-2.0
// JsonRewriter: writes a record's JSON anew with some keys and values replaced, and moves its
// tokens to where things stand then.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "core/buffer.h"

namespace waybill::redaction {

// One key or one scalar value that is replaced by a string.
struct TokenEdit {
  uint32_t token;  // from Record::first_token
  bool key;
  bool cut;              // the value's member is to be cut, too; it becomes null in the line
  std::string_view raw;  // the characters of the new string
};

// One thread at a time.
class JsonRewriter {
 public:
  // `edits`: in the order of the text, at most one of each key and value; not empty. Rewrites
  // record.json, the tokens, and what of the record is JSON text in it (Passed, schema_errors).
  // Texts of the record stay where they are. `old_json` becomes what the JSON was, from its first
  // to its last byte. The new one is in the batch's arena, kPadding behind it.
  void rewrite(Batch& batch, Record& record, const std::vector<TokenEdit>& edits);

  // Of the last rewrite(): the JSON as it was and as it is.
  std::string_view before() const { return before_; }
  std::string_view after() const { return after_; }

 private:
  struct Open {
    uint32_t index, end;  // of the container; tokens before `end` are inside
  };
  void write_string(std::string_view characters);
  void close(Token* tokens, uint32_t index);

  std::string_view before_, after_;
  Buffer out_;
  std::vector<Open> open_;
  uint32_t copied_ = 0;  // bytes of the old JSON that are in out_, or replaced
  const char* old_ = nullptr;
};

}  // namespace waybill::redaction
