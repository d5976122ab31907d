// SPDX-License-Identifier: Apache-2.0
// What depends on who wrote a line: names that count in some programs' lines alone.
#include "core/canonical.h"
#include "core/cut.h"
#include "parsers/common/dialects.h"
#include "parsers/common/lift.h"
#include "parsers/common/numeric_level.h"

namespace waybill::parsers {

namespace {

bool has_key(const Batch& batch, const Record& record, std::string_view key) {
  if (record.token_count == 0) return false;
  const Token* root = batch.tokens_of(record);
  for (const Token* child = root + 1; child != root + root->span; child += child->span) {
    if (std::string_view(record.json + child->key, child->key_size) == key) return true;
  }
  return false;
}

}  // namespace

void Lift::defer(const Name& name, uint32_t index) {
  if (deferred_ == deferrals_.size()) return;
  deferrals_[deferred_++] = {name.rank, index};
}

// By now all of the line's names have been seen.
void Lift::offer_deferred(Batch& batch, const Record& record) {
  if (numeric_level_) signs_ |= sign::kBunyan;
  for (size_t i = 0; i < deferred_; ++i) {
    const DialectName& row = dialect_names()[deferrals_[i].row];
    uint32_t index = deferrals_[i].index;
    // pino with words for levels.
    bool bunyan = (row.signs & sign::kBunyan) != 0 && (signs_ & row.signs) == 0 &&
                  has_key(batch, record, "pid") && has_key(batch, record, "hostname");
    if ((signs_ & row.signs) == 0 && !bunyan) continue;
    Member member = record.token_count > 0
                        ? detail::member_of(record, batch.tokens_of(record)[index])
                        : detail::member_of(batch.fields_of(record)[index]);
    offer(row.name, member, index, batch.arena);
  }
}

// Programs that write their levels where others write something else. It stays there.
void Lift::settle_level_of_neighbours(const Batch& batch, Record& record) {
  auto severity = severity_without_name(batch, record);
  if (!severity) return;
  record.level = severity->level;
  record.severity = severity->number;
  record.level_said = true;
}

}  // namespace waybill::parsers
