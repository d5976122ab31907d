// SPDX-License-Identifier: Apache-2.0
#include "inputs/replay/letter.h"

#include "core/batch.h"

namespace waybill::inputs::replay {

namespace {

bool names_itself(const Token* object, const char* line) {
  for (const Token* member = object + 1; member != object + object->span; member += member->span) {
    if (std::string_view(line + member->key, member->key_size) != "id") continue;
    // 32 hex digits in quotes: anything else would be given a new id, each time anew.
    std::string_view value(line + member->value, member->value_size);
    return value.size() == 34 &&
           value.find_first_not_of("0123456789abcdefABCDEF", 1) == value.size() - 1;
  }
  return false;
}

}  // namespace

Result<Letter> LetterReader::read(std::string& line) {
  auto none = [](const char* why) {
    return Error{Action::kDrop, std::string("not a dead letter: ") + why};
  };
  size_t size = line.size();
  line.append(kPadding, ' ');
  tokens_.clear();
  uint32_t duplicates = 0;
  if (walker_.walk({line.data(), size}, tokens_, duplicates) != WalkOutcome::kObject) {
    return none("no JSON object");
  }
  Letter letter;
  bool has_id = false;
  bool for_all = false;
  for (size_t i = 1; i < tokens_.size(); i += tokens_[i].span) {
    const Token& token = tokens_[i];
    std::string_view key(line.data() + token.key, token.key_size);
    std::string_view value(line.data() + token.value, token.value_size);
    if (token.has(Token::kDuplicate)) continue;
    if (key == "output" && token.type == JsonType::kString) {
      letter.output = value.substr(1, value.size() - 2);
    }
    if (key == "stage") for_all = value == "\"contract\"";
    if (key == "record" && token.type == JsonType::kObject) {
      letter.record = value;
      has_id = names_itself(&token, line.data());
    }
  }
  if (letter.output.empty() && !for_all) return none("it names no \"output\"");
  if (letter.record.empty()) return none("it has no \"record\"");
  // Without it the backend could not tell that it has the record already.
  if (!has_id) return none("its record has no \"id\" of 32 hex digits");
  return letter;
}

}  // namespace waybill::inputs::replay
