// SPDX-License-Identifier: Apache-2.0
#include "core/cut.h"

namespace waybill {

namespace {

bool all_cut(const Token* container) {
  const Token* end = container + container->span;
  for (const Token* child = container + 1; child != end; child += child->span) {
    if (!child->has(Token::kCut)) return false;
  }
  return true;
}

// Cuts `target` somewhere below `container`.
void cut_below(Token* container, Token* target) {
  container->flags |= Token::kHasCut;
  Token* child = container + 1;
  while (child + child->span <= target) child += child->span;
  if (child == target) {
    target->flags |= Token::kCut;
  } else {
    cut_below(child, target);
    if (all_cut(child)) child->flags |= Token::kCut;
  }
}

}  // namespace

void cut_field(Batch& batch, const Record& record, uint32_t index) {
  if (record.token_count == 0) {
    batch.fields[record.first_field + index].cut = true;
    return;
  }
  Token* root = batch.tokens.data() + record.first_token;
  // The usual field is a member of the root: no way down to look for.
  if (root[index].depth == 1) {
    root->flags |= Token::kHasCut;
    root[index].flags |= Token::kCut;
  } else {
    cut_below(root, root + index);
  }
}

}  // namespace waybill
