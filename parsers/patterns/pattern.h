// SPDX-License-Identifier: Apache-2.0
// Pattern: one of `parse.patterns`, compiled, and what becomes of each of its groups.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/common/names.h"
#include "parsers/parser.h"
#include "parsers/patterns/engine.h"
#include "parsers/patterns/values.h"

namespace waybill::parsers::patterns {

struct Group {
  std::string key;
  const Name* known = nullptr;  // the record's place for it, if there is one
  Type type = Type::kText;
};

struct Pattern {
  std::string_view name;  // as UserPattern has it
  std::unique_ptr<Engine> engine;
  std::vector<Group> groups;  // as Match has them
};

// An Error is about the regular expression or the dissect form. Types of groups that there are not
// are passed over (check.h tells of them).
Result<Pattern> compile(const UserPattern& pattern);

// As the registry has it.
const Descriptor& descriptor();

// The line as patterns see it: without terminal escapes, bad UTF-8 replaced. `repaired`: it was.
std::string_view seen_by_patterns(std::string_view line, Arena& arena, bool& repaired);

}  // namespace waybill::parsers::patterns
