// SPDX-License-Identifier: Apache-2.0
// RecordRedactor: takes out of a record what the rules find: out of its texts, its context, and the
// line that is kept of it.
//
// A line without anything that the scanner knows costs that one look. Else the record is worked
// through text by text: a JSON line value by value, as decoded; a text line as a whole and by its
// parts, so that what was found in one is gone from all. What was taken out of a text that cannot
// be found again in the line, because it stands there in another form (escaped, in pieces), is no
// longer in the line either: the line is withheld as a whole.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "core/buffer.h"
#include "redaction/finder.h"
#include "redaction/json_rewriter.h"
#include "redaction/rules.h"

namespace waybill::redaction {

// One thread at a time. Allocates while it grows and for records that hold something, else nothing.
class RecordRedactor {
 public:
  explicit RecordRedactor(std::shared_ptr<const Rules> rules);

  // Redacts a record that lineage is through with. New texts are in the batch's arena. Returns
  // whether there was anything.
  bool redact(Batch& batch, Record& record);

  // Of the last record that had something: values taken out, by rule; and texts withheld.
  std::span<const uint32_t> counts() const { return counts_; }
  uint32_t withheld() const { return withheld_; }
  const Rules& rules() const { return *rules_; }

 private:
  // A text of the record, and what is to be done in it.
  struct Place {
    Text* text;
    std::string_view path;  // of the record; of a field "context", with `key`
    std::string_view key;
    bool id;
    Field* field;       // null: a place of the record's own
    size_t first_edit;  // in text_edits_
    size_t edits;
    bool inside;     // its characters are bytes of the line
    uint32_t whole;  // the rule that takes all of it; kWithheldRule: there is none
  };
  // A source of which a line began a private key: lines that follow may be the rest of it.
  struct OpenKey {
    uint64_t source;
    uint32_t lines;  // that may still be
    bool last;       // the last one was
  };

  bool may_hold(const Batch& batch, const Record& record);
  bool may_hold_in_json(const Batch& batch, const Record& record);
  bool may_hold_in_texts(const Batch& batch, const Record& record);
  bool any_text(Text text);
  bool goes_on_with_key(const Batch& batch, const Record& record);
  void note_open_key(const Batch& batch, const Record& record, std::string_view line, bool open);

  // Where the record's JSON stands in its line: begin == end: nowhere.
  struct Region {
    uint32_t begin = 0, end = 0;
    bool holds(const Edit& edit) const { return edit.begin < end && edit.end > begin; }
  };
  // A secret in a text that is no part of the line.
  struct Unseen {
    size_t hash;
    uint32_t rule;
  };

  // ---- the tokens of a JSON line (redact_tokens.cpp) ----
  void collect_token_edits(Batch& batch, const Record& record, bool in_line);
  void mark_id_tokens(const Batch& batch, const Record& record);
  uint32_t rule_of_token(const Record& record, const Token& token, uint32_t index,
                         std::string_view key);
  void edit_key(Batch& batch, const Record& record, uint32_t index, bool in_line);
  void edit_value(Batch& batch, const Record& record, uint32_t index, uint32_t whole,
                  std::string_view key, bool in_line);
  std::string_view edit_characters(Batch& batch, std::string_view characters, bool in_line);
  void took(std::string_view secret, uint32_t rule, bool in_line);
  void cut_dropped(Batch& batch, const Record& record);

  // ---- texts (redact_text.cpp) ----
  void work_through(Batch& batch, Record& record);
  void collect_places(Batch& batch, Record& record);
  void add_place(Text* text, std::string_view path, bool id);
  void find_in_line(Batch& batch, const Record& record, std::string_view line);
  void find_in_place(Batch& batch, const Record& record, Place& place, std::string_view line);
  void apply_place(Batch& batch, Place& place, std::string_view line);
  void write_line(Batch& batch, Record& record, std::string_view line, bool rewritten);
  void add_cut_edits(const Record& record, std::string_view text, std::vector<Edit>& edits);
  void find(std::string_view text, bool ids, std::string_view key = {});
  uint32_t field_rule(std::string_view path, std::string_view key) const;
  uint32_t name_rule(std::string_view key, std::string_view value) const;
  std::string_view replacement(Batch& batch, uint32_t rule, std::string_view secret);
  std::string_view edited(Batch& batch, std::string_view text, std::span<const Edit> edits);
  bool is_dropping(uint32_t rule) const {
    return rule != kWithheldRule && rules_->all()[rule].action == Action::kDrop;
  }
  void count(uint32_t rule);

  std::shared_ptr<const Rules> rules_;
  Finder finder_;
  JsonRewriter rewriter_;
  uint32_t password_rule_;             // kWithheldRule: there is none
  std::vector<uint32_t> field_rules_;  // indices
  uint32_t key_rule_;                  // of private keys

  std::vector<uint32_t> counts_;
  uint32_t withheld_ = 0;
  std::vector<OpenKey> open_keys_;
  bool key_goes_on_ = false;  // the present record is a part of a private key

  // Of one record.
  std::vector<Place> places_;
  std::vector<Edit> text_edits_, line_edits_, found_;
  std::vector<TokenEdit> token_edits_;
  std::vector<size_t> seen_;  // hashes of secrets that were taken out of the line
  std::vector<Unseen> unseen_;
  std::vector<bool> id_tokens_;  // of each token: it holds an id
  // Of each depth of the JSON: the places of every field rule's path, and the rule that takes all
  // below.
  struct Depth {
    std::vector<FieldPath::Places> places;
    uint32_t rule = kWithheldRule;
  };
  std::vector<Depth> depths_;
  std::vector<uint32_t> dropped_;  // tokens to be cut
  Region region_;
  Buffer out_, decoded_;
  uint32_t new_keys_ = 0;
  ErrorInfo error_;
  bool error_changed_ = false;
};

}  // namespace waybill::redaction
