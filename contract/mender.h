// SPDX-License-Identifier: Apache-2.0
// Mender: what could stand in a record instead of a value that breaks its schema, and putting it
// there. Whether it helps is for the schema to say (contract/judge.cpp).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/program.h"
#include "contract/record_view.h"
#include "contract/validator.h"
#include "core/batch.h"

namespace waybill::contract {

// A time as RFC 3339 in UTC; nothing when it is none in a known form. `type`: of the value, a
// string (its characters) or a number (as it is written: seconds, milli-, micro- or nanoseconds
// since the epoch).
using TimeReader = std::function<std::optional<std::string>(std::string_view text, JsonType type)>;

// A value: characters of a string, else its JSON text; of words (true, null) it may be empty.
struct Substitute {
  JsonType type = JsonType::kNull;
  std::string text;
  std::string json() const;
};

// One record under repair. The batch and the record outlive it.
class Mender {
 public:
  Mender(Batch& batch, Record& record, const CanonicalNames& names, bool on_line);

  // The value at a JSON pointer.
  static std::optional<Value> find(const Value& root, std::string_view pointer);
  // What is worth a try instead of `value`, the safest first: the number or boolean that a string
  // spells, the string without blanks around it, a level's canonical word, a time as RFC 3339; of a
  // number the time that it counts, where one is wanted.
  std::vector<Substitute> candidates(const Violation& violation, const Value& value,
                                     const TimeReader& times) const;

  // Puts it there. False: the record has no place where that could be written.
  bool replace(std::string_view pointer, const Value& value, const Substitute& by);
  // Adds the member called `name` to the object at `pointer`. False: as above.
  bool add(std::string_view pointer, std::string_view name, const DefaultRule& value);
  // Takes everything back since the Mender was made, or since keep().
  void undo();
  void keep();

 private:
  Text Record::*text_member(std::string_view name) const;
  bool add_to_record(std::string_view name, const DefaultRule& value);
  Text text_of(const Substitute& by) const;
  void replace_in_line(uint32_t index, const Substitute& by);

  Batch& batch_;
  Record& record_;
  const CanonicalNames& names_;
  const bool on_line_;
  // As it was.
  Record saved_;
  std::vector<Token> tokens_;
  std::vector<Field> fields_;
  size_t all_fields_ = 0;
};

}  // namespace waybill::contract
