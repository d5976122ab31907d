// SPDX-License-Identifier: Apache-2.0
#include "contract/infer.h"

#include <fmt/format.h>

#include <algorithm>

#include "contract/document.h"
#include "contract/exact_text.h"
#include "contract/infer_writer.h"

namespace waybill::contract {

namespace {

// Doubts that are told; a schema with more of them needs another look at the logs first.
constexpr size_t kMostDoubts = 200;
// What so many percent less than `required` have is nearly always there.
constexpr double kNearly = 0.1;

class Doubter {
 public:
  Doubter(const InferOptions& options, const std::vector<std::string>& files)
      : options_(options), files_(files) {}

  void look(const Shape& shape, const std::string& pointer) {
    mixed(shape, pointer);
    if (shape.overflowed()) {
      say(pointer, "more members than can be kept apart: what is in the others is left open");
    }
    if (shape.too_deep()) say(pointer, "nested too deep: what is inside is left open");
    if (makes_enum(shape, pointer.starts_with("/") ? pointer.substr(1) : "", options_.records)) {
      say(pointer, fmt::format("{} different texts in {}: made an enum; are these all?",
                               shape.texts().size(), shape.count(ShapeType::kString)));
    }
    members(shape, pointer);
    if (shape.rest() != nullptr) {
      say(pointer, fmt::format("{} keys and more that look like ids, or are too many to tell "
                               "apart: their values share one schema (additionalProperties)",
                               shape.rest_keys()));
      look(*shape.rest(), pointer + "/*");
    }
    if (shape.items() != nullptr) look(*shape.items(), pointer + "/*");
  }

  std::vector<std::string> take() {
    if (left_out_ > 0) said_.push_back(fmt::format("and {} doubts more", left_out_));
    return std::move(said_);
  }

 private:
  void say(const std::string& pointer, const std::string& what) {
    if (said_.size() == kMostDoubts) {
      ++left_out_;
    } else {
      said_.push_back(fmt::format("{}: {}", pointer.empty() ? "/" : pointer, what));
    }
  }

  std::string place(LogPlace at) const { return fmt::format("{}:{}", files_[at.file], at.line); }

  // null beside one other type is usual.
  void mixed(const Shape& shape, const std::string& pointer) {
    std::string types;
    size_t several = 0;
    for (size_t i = 0; i < kShapeTypes; ++i) {
      auto type = static_cast<ShapeType>(i);
      if (shape.count(type) == 0) continue;
      several += type != ShapeType::kNull;
      types += fmt::format("{}{} {} times (first {})", types.empty() ? "" : ", ",
                           shape_type_name(type), shape.count(type), place(shape.first(type)));
    }
    if (several > 1) say(pointer, fmt::format("types that mix: {}: all are allowed", types));
  }

  void members(const Shape& shape, const std::string& pointer) {
    uint64_t objects = shape.count(ShapeType::kObject);
    for (const auto& member : shape.members()) {
      std::string inner = pointer;
      append_step(inner, shown_text(member->key));
      uint64_t missing = objects - std::min(objects, member->shape.count());
      double share = 1 - static_cast<double>(missing) / static_cast<double>(objects);
      bool required = is_required(member->shape.count(), objects, options_.required_share);
      if (required && missing > 0) {
        say(inner, fmt::format("required, though {} of {} have it not: they break the draft "
                               "(--required 100 keeps such fields optional)",
                               missing, objects));
      } else if (!required && share >= options_.required_share - kNearly) {
        say(inner, fmt::format("nearly always there: {} of {} have it not, so it is not required",
                               missing, objects));
      }
      look(member->shape, inner);
    }
  }

  const InferOptions& options_;
  const std::vector<std::string>& files_;
  std::vector<std::string> said_;
  size_t left_out_ = 0;
};

}  // namespace

void Inference::add(const Value& value, LogPlace place) {
  budget_.place = place;
  root_.add(value, budget_);
}

std::string Inference::schema() const { return SchemaWriter(options_).write(root_); }

std::vector<std::string> Inference::doubts(const std::vector<std::string>& files) const {
  Doubter doubter(options_, files);
  doubter.look(root_, "");
  return doubter.take();
}

}  // namespace waybill::contract
