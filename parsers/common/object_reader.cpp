// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/object_reader.h"

#include <algorithm>
#include <cstring>

#include "core/canonical.h"
#include "parsers/common/dialects.h"
#include "parsers/common/repair.h"

namespace waybill::parsers {

namespace {

// A message may stand on several lines, but not what is made of its bytes: a record is a line. Of
// sound JSON only the space between tokens can hold line ends.
std::string_view on_one_line(std::string_view json, Arena& arena) {
  if (json.find('\n') == std::string_view::npos) return json;
  char* copy = arena.allocate(json.size() + kPadding);
  char* end = std::replace_copy(json.begin(), json.end(), copy, '\n', ' ');
  std::memset(end, 0, kPadding);
  return {copy, json.size()};
}

}  // namespace

bool ObjectReader::walk(Batch& batch, Record& record, std::string_view text) {
  auto first = static_cast<uint32_t>(batch.tokens.size());
  uint32_t duplicates = 0;
  WalkOutcome outcome = walker_.walk(text, batch.tokens, duplicates);
  bool repaired = false;
  if (outcome == WalkOutcome::kBadUtf8) {
    text = repair_utf8(text, batch.arena);
    repaired = true;
    outcome = walker_.walk(text, batch.tokens, duplicates);
  }
  if (outcome == WalkOutcome::kRawControl) {
    // The repair of one fault can uncover the other.
    if (!is_utf8(text)) text = repair_utf8(text, batch.arena);
    text = escape_raw_controls(text, batch.arena);
    repaired = true;
    outcome = walker_.walk(text, batch.tokens, duplicates);
  }
  if (outcome != WalkOutcome::kObject) return false;
  text = on_one_line(text, batch.arena);
  record.json = text.data();
  record.first_token = first;
  record.token_count = static_cast<uint32_t>(batch.tokens.size()) - first;
  record.marks.duplicate_keys = duplicates;
  record.marks.repaired = repaired;
  return true;
}

void ObjectReader::offer(Batch& batch, const Record& record, Lift& lift, uint64_t blocked) {
  offer_from(batch, record, lift, 0, blocked);
}

namespace {

const Token* nth_member(const Token* root, uint32_t nth) {
  const Token* child = root + 1;
  for (const Token* end = root + root->span; nth > 0 && child != end; --nth) child += child->span;
  return child;
}

}  // namespace

void ObjectReader::offer_from(Batch& batch, const Record& record, Lift& lift, uint32_t first,
                              uint64_t blocked) {
  const Token* root = batch.tokens_of(record);
  if (first == 0) clef_time_ = false;
  offer_inside({batch, record, lift, root, blocked}, nth_member(root, first), root + root->span,
               {path_, 0});
}

void ObjectReader::offer_before(Batch& batch, const Record& record, Lift& lift, uint32_t first) {
  const Token* root = batch.tokens_of(record);
  clef_time_ = false;
  offer_inside({batch, record, lift, root, 0}, root + 1, nth_member(root, first), {path_, 0});
}

// Offers the members from `child` to `end` of a container whose path (with a dot behind it) stands
// in path_.
void ObjectReader::offer_inside(const Offer& to, const Token* child, const Token* end,
                                std::string_view path) {
  for (; child != end; child += child->span) {
    if (child->has(Token::kCut)) continue;
    std::string_view key{to.record.json + child->key, child->key_size};
    if (!path.empty()) {
      if (path.size() + key.size() + 9 > kLongestPath) continue;
      std::memcpy(path_ + path.size(), key.data(), key.size());
      key = {path_, path.size() + key.size()};
    }
    const Name* name = find_name(key);
    if (name == nullptr) continue;
    if (path.empty() && key == "@t") clef_time_ = true;
    // A text under the name of an object (`log`) is a message.
    Slot slot = name->slot < Slot::kInside ? name->slot : place_of(*name);
    if ((to.blocked >> static_cast<unsigned>(slot) & 1) == 0) {
      to.lift.offer(*name, detail::member_of(to.record, *child),
                    static_cast<uint32_t>(child - to.root), to.batch.arena);
    }
    if (child->type == JsonType::kObject && child->depth < kDeepestName) {
      // path_ holds the parents' part already, or nothing yet.
      if (key.size() + 10 > kLongestPath) continue;
      std::memmove(path_, key.data(), key.size());
      path_[key.size()] = '.';
      offer_inside(to, child + 1, child + child->span, {path_, key.size() + 1});
    }
  }
}

}  // namespace waybill::parsers
