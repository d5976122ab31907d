// SPDX-License-Identifier: Apache-2.0
// The draft of a schema that does not name it.
#include "contract/document.h"
#include "contract/keywords.h"

namespace waybill::contract {

namespace {

struct Signs {
  bool old = false;    // only draft-07 has it
  bool fresh = false;  // draft-07 has it not
};

// "#name", which is $anchor since.
bool names_a_place(const Node& id) {
  size_t hash = id.text.find('#');
  return id.is(JsonType::kString) && hash != id.text.npos && hash + 1 < id.text.size();
}

void look(const Node& schema, Signs& signs);

void look_inside(const Node& value, Holds holds, Signs& signs) {
  if (holds == Holds::kNothing) return;
  if (holds == Holds::kSchema || (holds == Holds::kItems && !value.is(JsonType::kArray))) {
    return look(value, signs);
  }
  for (const Node* one = value.first; one != nullptr; one = one->next) look(*one, signs);
}

void look(const Node& schema, Signs& signs) {
  if (!schema.is(JsonType::kObject) || schema.member("$schema") != nullptr) return;
  for (const Node* member = schema.first; member != nullptr; member = member->next) {
    auto old = keyword_of(member->key, Dialect{Draft::k07});
    auto fresh = keyword_of(member->key, Dialect{Draft::k2020});
    if (!old && !fresh) continue;
    Keyword keyword = old ? *old : *fresh;
    signs.fresh |= !old;
    signs.old |= !fresh || keyword == Keyword::kDefinitions || keyword == Keyword::kDependencies;
    signs.old |= keyword == Keyword::kItems && member->is(JsonType::kArray);
    signs.old |= keyword == Keyword::kId && names_a_place(*member);
    look_inside(*member, keyword_holds(keyword), signs);
  }
}

}  // namespace

Draft guessed_draft(const Node& schema, Draft usual) {
  Signs signs;
  look(schema, signs);
  return signs.old && !signs.fresh ? Draft::k07 : usual;
}

}  // namespace waybill::contract
