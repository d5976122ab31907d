// SPDX-License-Identifier: Apache-2.0
// JSON lines: an object per line, under the key names of the usual log libraries.
#include <algorithm>
#include <cstring>

#include "core/canonical.h"
#include "core/json_walker.h"
#include "parsers/common/lift.h"
#include "parsers/common/repair.h"
#include "parsers/parser.h"

namespace waybill::parsers::json {

namespace {

constexpr std::string_view kName = "json";
// Deepest path in names.cpp: log.origin.file.line.
constexpr uint32_t kDeepestName = 4;
constexpr size_t kLongestPath = 64;

// A message may stand on several lines, but not what is made of its bytes: a record is a line. Of
// sound JSON only the space between tokens can hold line ends.
std::string_view on_one_line(std::string_view json, Arena& arena) {
  if (json.find('\n') == std::string_view::npos) return json;
  char* copy = arena.allocate(json.size() + kPadding);
  char* end = std::replace_copy(json.begin(), json.end(), copy, '\n', ' ');
  std::memset(end, 0, kPadding);
  return {copy, json.size()};
}

class JsonParser final : public Parser {
 public:
  explicit JsonParser(const Settings& settings) : lift_(settings.default_zone) {}

  Outcome parse(Batch& batch, Record& record) override {
    std::string_view line = record.line;
    size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] != '{') return Outcome::kNotMine;
    line.remove_prefix(begin);
    if (!walk(batch, record, line)) return Outcome::kNotMine;
    record.format = kName;
    lift_.begin(record);
    const Token* root = batch.tokens_of(record);
    offer_inside(batch, record, root, root, {path_, 0});
    lift_.settle(batch, record);
    // CLEF leaves the level out when it is Information (serilog-formatting-compact, README).
    if (!record.level_said && root_has_clef_time_) {
      record.level = Level::kInfo;
      record.severity = 9;
      record.level_said = true;
    }
    return Outcome::kParsed;
  }

 private:
  // Leaves the tokens of `line`, or of its repaired copy, behind those of the batch.
  bool walk(Batch& batch, Record& record, std::string_view line) {
    auto first = static_cast<uint32_t>(batch.tokens.size());
    uint32_t duplicates = 0;
    WalkOutcome outcome = walker_.walk(line, batch.tokens, duplicates);
    bool repaired = false;
    if (outcome == WalkOutcome::kBadUtf8) {
      line = repair_utf8(line, batch.arena);
      repaired = true;
      outcome = walker_.walk(line, batch.tokens, duplicates);
    }
    if (outcome == WalkOutcome::kRawControl) {
      // The repair of one fault can uncover the other.
      if (!is_utf8(line)) line = repair_utf8(line, batch.arena);
      line = escape_raw_controls(line, batch.arena);
      repaired = true;
      outcome = walker_.walk(line, batch.tokens, duplicates);
    }
    if (outcome != WalkOutcome::kObject) return false;
    line = on_one_line(line, batch.arena);
    record.json = line.data();
    record.first_token = first;
    record.token_count = static_cast<uint32_t>(batch.tokens.size()) - first;
    record.marks.duplicate_keys = duplicates;
    record.marks.repaired = repaired;
    return true;
  }

  // Offers the members of `container`, whose path (with a dot behind it) stands in path_.
  void offer_inside(Batch& batch, const Record& record, const Token* root, const Token* container,
                    std::string_view path) {
    if (path.empty()) root_has_clef_time_ = false;
    const Token* end = container + container->span;
    for (const Token* child = container + 1; child != end; child += child->span) {
      if (child->has(Token::kCut)) continue;
      std::string_view key{record.json + child->key, child->key_size};
      if (!path.empty()) {
        if (path.size() + key.size() + 9 > kLongestPath) continue;
        std::memcpy(path_ + path.size(), key.data(), key.size());
        key = {path_, path.size() + key.size()};
      }
      const Name* name = find_name(key);
      if (name == nullptr) continue;
      if (path.empty() && key == "@t") root_has_clef_time_ = true;
      lift_.offer(*name, detail::member_of(record, *child), static_cast<uint32_t>(child - root),
                  batch.arena);
      if (child->type == JsonType::kObject && child->depth < kDeepestName) {
        // path_ holds the parents' part already, or nothing yet.
        if (key.size() + 10 > kLongestPath) continue;
        std::memmove(path_, key.data(), key.size());
        path_[key.size()] = '.';
        offer_inside(batch, record, root, child, {path_, key.size() + 1});
      }
    }
  }

  JsonWalker walker_;
  Lift lift_;
  bool root_has_clef_time_ = false;
  char path_[kLongestPath] = {};  // find_name() may read 8 bytes behind a key's beginning
};

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{
      kName, "one JSON object a line, under the key names of the usual log libraries",
      [](const Settings& settings) -> std::unique_ptr<Parser> {
        return std::make_unique<JsonParser>(settings);
      }};
  return made;
}

}  // namespace waybill::parsers::json
