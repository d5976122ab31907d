// SPDX-License-Identifier: Apache-2.0
#include "contract/shape.h"

#include <algorithm>
#include <unordered_set>

#include "contract/exact_text.h"
#include "contract/formats.h"
#include "core/ascii.h"
#include "core/buffer.h"
#include "core/json_text.h"

namespace waybill::contract {

namespace {

constexpr size_t kLongestExample = 80;
constexpr size_t kLongestKey = 512;

struct Kind {
  TextKind kind;
  std::string_view format;
  bool (*fits)(std::string_view);
};

bool is_id(std::string_view text, size_t size) {
  return text.size() == size && text.find_first_not_of("0123456789abcdef") == text.npos &&
         text.find_first_not_of('0') != text.npos;
}

// `a:1` is a URI by the letter of RFC 3986.
bool is_usual_uri(std::string_view text) { return text.find("://") != text.npos && is_uri(text); }

constexpr Kind kKinds[] = {
    {TextKind::kDateTime, "date-time", is_date_time},
    {TextKind::kDate, "date", is_date},
    {TextKind::kTime, "time", is_time},
    {TextKind::kDuration, "duration", is_duration},
    {TextKind::kUuid, "uuid", is_uuid},
    {TextKind::kIpv4, "ipv4", is_ipv4},
    {TextKind::kIpv6, "ipv6", is_ipv6},
    {TextKind::kEmail, "email", is_email},
    {TextKind::kUri, "uri", is_usual_uri},
    {TextKind::kTraceId, "", [](std::string_view text) { return is_id(text, 32); }},
    {TextKind::kSpanId, "", [](std::string_view text) { return is_id(text, 16); }},
};
constexpr uint32_t kAllKinds = (1u << std::size(kKinds)) - 1;

ShapeType type_of(const Value& value) {
  switch (value.type()) {
    case JsonType::kNull: return ShapeType::kNull;
    case JsonType::kFalse:
    case JsonType::kTrue: return ShapeType::kBoolean;
    case JsonType::kNumber: return ShapeType::kNumber;
    case JsonType::kString: return ShapeType::kString;
    case JsonType::kArray: return ShapeType::kArray;
    case JsonType::kObject: break;
  }
  return ShapeType::kObject;
}

bool is_word(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

// What is left of a key when numbers in it do not matter: ids of one kind have one skeleton.
std::string skeleton_of(std::string_view key) {
  if (key.find('@') != key.npos) return "@";
  std::string out;
  for (size_t at = 0; at < key.size();) {
    size_t end = at;
    while (end < key.size() && is_word(key[end])) ++end;
    std::string_view word = key.substr(at, end - at);
    constexpr size_t kHexWord = 6;
    bool digits = std::any_of(word.begin(), word.end(), is_digit);
    bool hex = word.size() >= kHexWord && std::all_of(word.begin(), word.end(), is_hex);
    if (hex && digits) {
      out += '0';
    } else {
      for (char c : word) {
        if (!is_digit(c)) out += c;
        if (is_digit(c) && (out.empty() || out.back() != '0')) out += '0';
      }
    }
    if (end < key.size()) out += key[end++];
    at = end;
  }
  return out;
}

}  // namespace

std::string_view shape_type_name(ShapeType type) {
  constexpr std::string_view names[] = {"null", "boolean", "number", "string", "array", "object"};
  return names[static_cast<size_t>(type)];
}

std::string_view format_of_kind(TextKind kind) { return kKinds[static_cast<size_t>(kind)].format; }

void Shape::add(const Value& value, ShapeBudget& budget, uint32_t depth) {
  ++count_;
  ShapeType type = type_of(value);
  auto index = static_cast<size_t>(type);
  if (counts_[index]++ == 0) firsts_[index] = budget.place;
  switch (type) {
    case ShapeType::kNumber:
      if (!Decimal(value.number()).is_integer()) ++fractions_;
      if (value.number().size() <= kLongestExample && examples_.size() < kMostExamples) {
        keep_example(std::string(value.number()));
      }
      return;
    case ShapeType::kString: return add_text(value, budget);
    case ShapeType::kArray:
    case ShapeType::kObject: break;
    default: return;
  }
  if (depth == kMostDepth) {
    too_deep_ = true;
    return;
  }
  if (type == ShapeType::kObject) return add_object(value, budget, depth);
  value.each_element([&](const Value& element) {
    if (!items_ && !budget.full() && !overflowed_) {
      items_ = std::make_unique<Shape>();
      ++budget.shapes;
    }
    if (items_) items_->add(element, budget, depth + 1);
    overflowed_ |= !items_;
    return true;
  });
}

void Shape::keep_example(std::string json) {
  if (std::find(examples_.begin(), examples_.end(), json) == examples_.end()) {
    examples_.push_back(std::move(json));
  }
}

void Shape::add_text(const Value& value, ShapeBudget& budget) {
  kinds_ &= kAllKinds;
  std::string_view shown = decoded(value.text(), budget.text);
  for (const Kind& kind : kKinds) {
    if ((kinds_ & bit_of(kind.kind)) != 0 && !kind.fits(shown)) kinds_ &= ~bit_of(kind.kind);
  }
  std::string_view text = exact(value.text(), budget.text);
  if (examples_.size() < kMostExamples && text.size() <= kLongestExample) {
    Buffer json;
    append_exact_string(json, text);
    keep_example(std::string(json.view()));
  }
  if (many_texts_ || std::find(texts_.begin(), texts_.end(), text) != texts_.end()) return;
  last_new_text_ = count(ShapeType::kString);
  if (texts_.size() == kMostTexts || text.size() > kLongestText) {
    many_texts_ = true;
    texts_.clear();
    texts_.shrink_to_fit();
  } else {
    texts_.emplace_back(text);
  }
}

void Shape::add_object(const Value& value, ShapeBudget& budget, uint32_t depth) {
  size_t expected = 0;
  value.each_member([&](Text key, const Value& inner) {
    Shape* shape = member(exact(key, budget.key), expected, budget);
    if (shape != nullptr) shape->add(inner, budget, depth + 1);
    return true;
  });
}

// The shape for the values of a key. Null: there is no room for it.
Shape* Shape::member(std::string_view key, size_t& expected, ShapeBudget& budget) {
  // Objects of one place usually have their members in one order.
  if (expected < members_.size() && members_[expected]->key == key) {
    return &members_[expected++]->shape;
  }
  auto found = index_.find(key);
  if (found != index_.end()) {
    expected = found->second + 1;
    return &members_[found->second]->shape;
  }
  if (!rest_ && members_.size() >= kMostIds && members_.size() % kMostIds == 0) make_room(budget);
  if (rest_) return rest_.get();
  // A key whose values were not all looked at must not be in the draft, so none comes back.
  if (overflowed_ || budget.full() || key.size() > kLongestKey) {
    overflowed_ = true;
    return nullptr;
  }
  ++budget.shapes;
  index_.emplace(key, members_.size());
  members_.push_back(std::make_unique<Member>());
  members_.back()->key = key;
  expected = members_.size();
  return &members_.back()->shape;
}

void Shape::make_room(ShapeBudget& budget) {
  bool full = members_.size() >= kMostMembers;
  if (full || ids_among_rare()) collapse(budget, false);
  if (full && members_.size() >= kMostMembers / 2) collapse(budget, true);
}

bool Shape::rare(const Member& member) const {
  return member.shape.count() * 2 < count(ShapeType::kObject);
}

// Whether the members that few objects have are of a few kinds of ids.
bool Shape::ids_among_rare() const {
  std::unordered_set<std::string> skeletons;
  size_t ids = 0;
  for (const auto& member : members_) {
    if (!rare(*member)) continue;
    std::string skeleton = skeleton_of(member->key);
    bool id = skeleton.find_first_of("0@") != skeleton.npos;
    ids += id;
    if (id) skeletons.insert(std::move(skeleton));
  }
  return ids >= kFewIds && skeletons.size() * 4 <= ids;
}

// Members that few objects have are no longer told apart; with `all` none are.
void Shape::collapse(ShapeBudget& budget, bool all) {
  if (!rest_) {
    rest_ = std::make_unique<Shape>();
    ++budget.shapes;
  }
  std::vector<std::unique_ptr<Member>> kept;
  index_.clear();
  for (auto& member : members_) {
    if (!all && !rare(*member)) {
      index_.emplace(member->key, kept.size());
      kept.push_back(std::move(member));
      continue;
    }
    ++rest_keys_;
    --budget.shapes;
    rest_->merge(std::move(member->shape), budget);
  }
  members_ = std::move(kept);
}

void Shape::finish(ShapeBudget& budget) {
  if (!rest_ && !overflowed_ && ids_among_rare()) collapse(budget, false);
  for (auto& member : members_) member->shape.finish(budget);
  if (rest_) rest_->finish(budget);
  if (items_) items_->finish(budget);
}

void Shape::merge(Shape&& other, ShapeBudget& budget) {
  for (size_t i = 0; i < kShapeTypes; ++i) {
    if (counts_[i] == 0) firsts_[i] = other.firsts_[i];
  }
  merge_texts(std::move(other));
  count_ += other.count_;
  for (size_t i = 0; i < kShapeTypes; ++i) counts_[i] += other.counts_[i];
  fractions_ += other.fractions_;
  too_deep_ |= other.too_deep_;
  rest_keys_ += other.rest_keys_;
  if ((overflowed_ && !items_) || (other.overflowed_ && !other.items_)) {
    items_.reset();
    other.items_.reset();
  }
  merge_inner(items_, std::move(other.items_), budget);
  merge_members(std::move(other), budget);
}

void Shape::merge_inner(std::unique_ptr<Shape>& mine, std::unique_ptr<Shape> theirs,
                        ShapeBudget& budget) {
  if (!theirs) return;
  if (!mine) {
    mine = std::move(theirs);
  } else {
    --budget.shapes;
    mine->merge(std::move(*theirs), budget);
  }
}

void Shape::merge_members(Shape&& other, ShapeBudget& budget) {
  if (overflowed_ || other.overflowed_) {
    // Only what both have looked at all the time is known.
    auto drop = [](Shape& from, const Shape& by) {
      std::vector<std::unique_ptr<Member>> kept;
      for (auto& member : from.members_) {
        if (!by.overflowed_ || by.index_.contains(member->key)) kept.push_back(std::move(member));
      }
      return kept;
    };
    auto mine = drop(*this, other);
    other.members_ = drop(other, *this);
    members_ = std::move(mine);
    overflowed_ = true;
    index_.clear();
    for (size_t i = 0; i < members_.size(); ++i) index_.emplace(members_[i]->key, i);
  }
  // Once one of the two tells some members no more apart, neither can both together.
  bool joint = rest_ != nullptr || other.rest_ != nullptr;
  for (auto& member : other.members_) {
    auto found = index_.find(member->key);
    if (found != index_.end()) {
      --budget.shapes;
      members_[found->second]->shape.merge(std::move(member->shape), budget);
    } else {
      index_.emplace(member->key, members_.size());
      members_.push_back(std::move(member));
    }
  }
  if (joint || members_.size() > kMostMembers) collapse(budget, true);
  merge_inner(rest_, std::move(other.rest_), budget);
}

void Shape::merge_texts(Shape&& other) {
  kinds_ &= other.kinds_;
  last_new_text_ = count(ShapeType::kString) + other.last_new_text_;
  many_texts_ |= other.many_texts_;
  for (std::string& text : other.texts_) {
    if (many_texts_) break;
    if (std::find(texts_.begin(), texts_.end(), text) != texts_.end()) continue;
    many_texts_ = texts_.size() == kMostTexts;
    if (!many_texts_) texts_.push_back(std::move(text));
  }
  if (many_texts_) texts_.clear();
  for (std::string& example : other.examples_) {
    if (examples_.size() < kMostExamples) keep_example(std::move(example));
  }
}

}  // namespace waybill::contract
