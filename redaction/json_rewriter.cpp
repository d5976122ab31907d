// SPDX-License-Identifier: Apache-2.0
#include "redaction/json_rewriter.h"

#include <cstring>

#include "core/json_text.h"

namespace waybill::redaction {

namespace {

constexpr uint32_t kNone = 0xFFFFFFFF;

// Index of the token whose value begins at `text`; kNone: it is no part of the JSON.
uint32_t token_at(const Token* tokens, uint32_t count, const char* json, std::string_view text) {
  for (uint32_t i = 0; i < count && !text.empty(); ++i) {
    if (json + tokens[i].value == text.data()) return i;
  }
  return kNone;
}

// JSON text that a record has of its line: where it was, and where it is.
class Views {
 public:
  Views(Batch& batch, Record& record, const Token* tokens)
      : batch_(batch), record_(record), tokens_(tokens) {
    if (record.passed != nullptr) {
      passed_ = *record.passed;
      for (std::string_view* view : {&passed_.resource, &passed_.source, &passed_.sample_rate}) {
        add(view);
      }
    }
    add(&record.schema_errors);
    add(&record.schema_repairs);
  }

  void move() {
    for (size_t i = 0; i < count_; ++i) {
      const Token& token = tokens_[indices_[i]];
      *views_[i] = {record_.json + token.value, token.value_size};
    }
    if (record_.passed == nullptr) return;
    char* place = batch_.arena.allocate(sizeof(Passed), alignof(Passed));
    record_.passed = new (place) Passed(passed_);
  }

 private:
  void add(std::string_view* view) {
    uint32_t index = token_at(tokens_, record_.token_count, record_.json, *view);
    if (index == kNone) return;
    views_[count_] = view;
    indices_[count_++] = index;
  }

  Batch& batch_;
  Record& record_;
  const Token* tokens_;
  Passed passed_;
  std::string_view* views_[5] = {};
  uint32_t indices_[5] = {};
  size_t count_ = 0;
};

}  // namespace

void JsonRewriter::write_string(std::string_view characters) {
  out_.push_back('"');
  append_escaped(out_, characters);
  out_.push_back('"');
}

// Everything inside a container is written: so is its end.
void JsonRewriter::close(Token* tokens, uint32_t index) {
  Token& token = tokens[index];
  // `value` is the new place already; value_size the old end, until here.
  uint32_t old_end = token.value_size;
  out_.append(old_ + copied_, old_end - copied_);
  copied_ = old_end;
  token.value_size = static_cast<uint32_t>(out_.size()) - token.value;
}

void JsonRewriter::rewrite(Batch& batch, Record& record, const std::vector<TokenEdit>& edits) {
  Token* tokens = batch.tokens.data() + record.first_token;
  Views views(batch, record, tokens);
  old_ = record.json;
  const uint32_t begin = tokens[0].value;
  before_ = {old_ + begin, tokens[0].value_size};
  out_.clear();
  open_.clear();
  copied_ = 0;
  auto edit = edits.begin();
  auto place_of = [&](uint32_t old) {
    return static_cast<uint32_t>(out_.size()) + (old - copied_);
  };
  for (uint32_t i = 0; i < record.token_count; ++i) {
    while (!open_.empty() && open_.back().end <= i) {
      close(tokens, open_.back().index);
      open_.pop_back();
    }
    Token& token = tokens[i];
    if (token.has(Token::kHasKey)) {
      uint32_t old_key = token.key;
      if (edit != edits.end() && edit->token == i && edit->key) {
        out_.append(old_ + copied_, old_key - 1 - copied_);
        token.key = static_cast<uint32_t>(out_.size()) + 1;
        write_string(edit->raw);
        copied_ = old_key + token.key_size + 1;
        token.key_size = static_cast<uint32_t>(out_.size()) - 1 - token.key;
        std::string_view key(out_.data() + token.key, token.key_size);
        token.flags = static_cast<uint8_t>((token.flags & ~Token::kKeyEscaped) |
                                           (key.find('\\') != key.npos ? Token::kKeyEscaped : 0));
        ++edit;
      } else {
        token.key = place_of(old_key);
      }
    }
    uint32_t old_value = token.value, old_end = token.value + token.value_size;
    token.value = place_of(old_value);
    bool container = token.type == JsonType::kObject || token.type == JsonType::kArray;
    if (container) {
      token.value_size = old_end;
      open_.push_back({i, i + token.span});
      continue;
    }
    if (edit == edits.end() || edit->token != i) continue;
    out_.append(old_ + copied_, old_value - copied_);
    if (edit->cut) {
      out_.append("null");
      token.type = JsonType::kNull;
    } else {
      write_string(edit->raw);
      token.type = JsonType::kString;
    }
    copied_ = old_end;
    token.value_size = static_cast<uint32_t>(out_.size()) - token.value;
    std::string_view value(out_.data() + token.value, token.value_size);
    token.flags = static_cast<uint8_t>((token.flags & ~Token::kValueEscaped) |
                                       (value.find('\\') != value.npos ? Token::kValueEscaped : 0));
    ++edit;
  }
  for (; !open_.empty(); open_.pop_back()) close(tokens, open_.back().index);
  std::string_view written = batch.arena.copy(out_.view(), kPadding);
  record.json = written.data();
  after_ = {record.json + tokens[0].value, tokens[0].value_size};
  views.move();
}

}  // namespace waybill::redaction
