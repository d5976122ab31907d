// SPDX-License-Identifier: Apache-2.0
#include "parsers/patterns/pattern.h"

#include "parsers/common/repair.h"

namespace waybill::parsers::patterns {

Result<Pattern> compile(const UserPattern& pattern) {
  auto engine = pattern.regex.empty() ? make_dissect(pattern.dissect) : make_regex(pattern.regex);
  if (!engine) return std::move(engine).error();
  Pattern made{pattern.name, std::move(*engine), {}};
  for (const std::string& name : made.engine->names()) {
    Group group;
    group.key = name;
    // find_name() reads 8 bytes, however short the name is.
    group.known = find_name(std::string_view(name + std::string(8, '\0')).substr(0, name.size()));
    for (const auto& [of, type] : pattern.types) {
      if (of == name) group.type = type_of(type);
    }
    made.groups.push_back(std::move(group));
  }
  return made;
}

std::string_view seen_by_patterns(std::string_view line, Arena& arena, bool& repaired) {
  std::string_view seen = strip_ansi(line, arena);
  repaired = !is_utf8(seen);
  return repaired ? repair_utf8(seen, arena) : seen;
}

}  // namespace waybill::parsers::patterns
