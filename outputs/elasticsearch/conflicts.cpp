// SPDX-License-Identifier: Apache-2.0
#include "outputs/elasticsearch/conflicts.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "core/batch.h"
#include "core/json_text.h"

namespace waybill::outputs::elasticsearch {

namespace {

constexpr std::string_view kContext = "context";
constexpr std::string_view kSuffix = "_text";
constexpr size_t kLongestPath = 512;

// What stands between `before` and the next `after`.
std::optional<std::string_view> between(std::string_view text, std::string_view before,
                                        std::string_view after) {
  size_t begin = text.find(before);
  if (begin == text.npos) return std::nullopt;
  begin += before.size();
  size_t end = text.find(after, begin);
  if (end == text.npos || end - begin > kLongestPath) return std::nullopt;
  return text.substr(begin, end - begin);
}

bool is_one_of(std::string_view type, std::initializer_list<std::string_view> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

template <typename Number>
bool is_number(std::string_view text) {
  Number number{};
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && stop == text.data() + text.size();
}

// A number as an integer field takes it: what stands behind the point is cut off there.
bool is_integer(std::string_view text) {
  if (is_number<int64_t>(text)) return true;
  double number = 0;
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr double most = 9.2e18;
  return error == std::errc{} && stop == text.data() + text.size() && number > -most &&
         number < most;
}

// 2026-01-02, with or without a time.
bool is_date(std::string_view text) {
  return text.size() >= 10 && text[4] == '-' && text[7] == '-' &&
         is_number<unsigned>(text.substr(0, 4)) && is_number<unsigned>(text.substr(5, 2)) &&
         is_number<unsigned>(text.substr(8, 2));
}

// Whether a scalar, as it stands in JSON without quotes, fits. Of the types that are not here
// nothing is known but that they refuse.
bool scalar_fits(std::string_view type, JsonType json, std::string_view text) {
  const bool string = json == JsonType::kString, number = json == JsonType::kNumber;
  if (json == JsonType::kNull) return true;
  if (is_one_of(type, {"text", "keyword", "match_only_text", "wildcard", "constant_keyword"})) {
    return true;
  }
  if (is_one_of(type, {"long", "integer", "short", "byte", "unsigned_long"})) {
    return (string || number) && is_integer(text);
  }
  if (is_one_of(type, {"double", "float", "half_float", "scaled_float"})) {
    return (string || number) && is_number<double>(text);
  }
  if (type == "boolean") return !number && (!string || is_one_of(text, {"true", "false", ""}));
  if (type == "date" || type == "date_nanos") return number || (string && is_date(text));
  return false;
}

// One document, gone through once.
class Mender {
 public:
  Mender(const std::vector<Conflict>& conflicts, const char* json, const std::vector<Token>& tokens)
      : conflicts_(conflicts), json_(json), tokens_(tokens) {}

  size_t mend(size_t size, Buffer& out) {
    for (size_t i = 1; i < tokens_.size(); i += tokens_[i].span) {
      if (key_of(tokens_[i]) != kContext) continue;
      path_ = kContext;
      go_through(i, out);
    }
    copy_to(size, out);
    return moved_;
  }

 private:
  std::string_view key_of(const Token& token) const { return {json_ + token.key, token.key_size}; }
  std::string_view value_of(const Token& token) const {
    return {json_ + token.value, token.value_size};
  }
  void copy_to(size_t end, Buffer& out) {
    out.append(json_ + done_, end - done_);
    done_ = end;
  }

  // The members of what is at `index`, or of an array's elements: they have its path.
  void go_through(size_t index, Buffer& out) {
    const Token& container = tokens_[index];
    const size_t before = path_.size();
    for (size_t i = index + 1; i < index + container.span; i += tokens_[i].span) {
      const Token& token = tokens_[i];
      if (container.type == JsonType::kObject) {
        path_.append(".").append(key_of(token));
        if (const Conflict* conflict = conflict_at(path_);
            conflict != nullptr && !fits(*conflict, i)) {
          move(container, index, i, out);
          path_.resize(before);
          continue;
        }
      }
      if (token.span > 1) go_through(i, out);
      path_.resize(before);
    }
  }

  const Conflict* conflict_at(std::string_view path) const {
    auto found = std::find_if(conflicts_.begin(), conflicts_.end(),
                              [&](const Conflict& one) { return one.path == path; });
    return found == conflicts_.end() ? nullptr : &*found;
  }

  // An array fits when each of its elements does.
  bool fits(const Conflict& conflict, size_t index) const {
    const Token& token = tokens_[index];
    if (token.type == JsonType::kArray) {
      for (size_t i = index + 1; i < index + token.span; i += tokens_[i].span) {
        if (!fits(conflict, i)) return false;
      }
      return true;
    }
    const bool wants_object = is_one_of(conflict.type, {"object", "nested"});
    if (token.type == JsonType::kObject) return wants_object;
    if (wants_object) return token.type == JsonType::kNull;
    std::string_view text = value_of(token);
    if (token.type == JsonType::kString) text = text.substr(1, text.size() - 2);
    return scalar_fits(conflict.type, token.type, text);
  }

  // "n":{"a":1} becomes "n_text":"{\"a\":1}".
  void move(const Token& container, size_t container_index, size_t index, Buffer& out) {
    const Token& token = tokens_[index];
    copy_to(token.key + token.key_size, out);
    std::string name(key_of(token));
    name += kSuffix;
    for (int number = 2; has_member(container, container_index, name); ++number) {
      name = std::string(key_of(token)) + std::string(kSuffix) + "_" + std::to_string(number);
    }
    out.append(std::string_view(name).substr(token.key_size));
    copy_to(token.value, out);
    if (token.type == JsonType::kString) {
      copy_to(token.value + token.value_size, out);
    } else {
      append_json_string(out, value_of(token));
      done_ = token.value + token.value_size;
    }
    ++moved_;
  }

  bool has_member(const Token& container, size_t index, std::string_view name) const {
    for (size_t i = index + 1; i < index + container.span; i += tokens_[i].span) {
      if (key_of(tokens_[i]) == name) return true;
    }
    return false;
  }

  const std::vector<Conflict>& conflicts_;
  const char* json_;
  const std::vector<Token>& tokens_;
  std::string path_;
  size_t done_ = 0, moved_ = 0;
};

// Whether a key of that name may be in the document.
bool may_have(std::string_view document, std::string_view path) {
  std::string_view last = path.substr(path.rfind('.') + 1);
  return document.find(last) != std::string_view::npos;
}

}  // namespace

Conflict conflict_of(std::string_view reason) {
  Conflict found;
  auto take = [&](std::string_view before, std::string_view after) {
    auto path = between(reason, before, after);
    if (path) found.path = *path;
    return path.has_value();
  };
  if (take("failed to parse field [", "] of type [")) {
    found.type = between(reason, "] of type [", "]").value_or("");
  } else if (take("object mapping for [", "] tried to parse field ") ||
             take("can't merge a non object mapping [", "] with an object mapping") ||
             take("can't merge a non-nested mapping [", "] with a nested mapping")) {
    found.type = "object";
  } else if (take("mapper [", "] cannot be changed from type [")) {
    found.type = between(reason, "] cannot be changed from type [", "]").value_or("");
  }
  bool ours = found.path.size() > kContext.size() + 1 && found.path.starts_with(kContext) &&
              found.path[kContext.size()] == '.' && !found.type.empty();
  return ours ? found : Conflict{};
}

bool Conflicts::learn(Conflict conflict) {
  std::lock_guard lock(mutex_);
  bool known = std::any_of(list_->begin(), list_->end(),
                           [&](const Conflict& one) { return one.path == conflict.path; });
  if (known || list_->size() >= kMost) return false;
  auto next = std::make_shared<List>(*list_);
  next->push_back(std::move(conflict));
  list_ = std::move(next);
  any_.store(true, std::memory_order_release);
  return true;
}

bool Conflicts::concerns(const Conflict& conflict, std::string_view document) {
  Buffer mended;
  return mend(List{conflict}, document, mended) > 0;
}

size_t Conflicts::mend(std::string_view document, Buffer& out) const {
  std::shared_ptr<const List> known;
  {
    std::lock_guard lock(mutex_);
    known = list_;
  }
  const size_t moved = mend(*known, document, out);
  if (moved != 0) moved_.fetch_add(moved, std::memory_order_relaxed);
  return moved;
}

size_t Conflicts::mend(const List& known, std::string_view document, Buffer& out) {
  bool concerned = std::any_of(known.begin(), known.end(),
                               [&](const Conflict& one) { return may_have(document, one.path); });
  thread_local JsonWalker walker;
  thread_local std::vector<Token> tokens;
  thread_local std::string padded;
  tokens.clear();
  uint32_t duplicates = 0;
  if (concerned) {
    padded.assign(document);
    while (!padded.empty() && padded.back() == '\n') padded.pop_back();
    const size_t size = padded.size();
    padded.append(kPadding, ' ');
    if (walker.walk({padded.data(), size}, tokens, duplicates) == WalkOutcome::kObject) {
      size_t moved = Mender(known, padded.data(), tokens).mend(size, out);
      out.append(document.substr(size));
      return moved;
    }
  }
  out.append(document);
  return 0;
}

}  // namespace waybill::outputs::elasticsearch
