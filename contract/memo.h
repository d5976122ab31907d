// SPDX-License-Identifier: Apache-2.0
// Memo: what came of a value under a schema. A schema with alternatives that lead back to itself
// asks the same question again and again, twice as often with each level of the value; with a memo
// each is answered once.
#pragma once

#include <cstdint>
#include <vector>

namespace waybill::contract {

// Keeps the latest answers, within 512 KiB. Judging goes depth first, and what is asked again is
// what was answered a moment ago.
class Memo {
 public:
  enum class Answer : uint8_t { kUnknown, kValid, kInvalid };
  struct Question {
    const void* value;  // which one: a token, a listing, a text
    uint32_t schema;
    uint64_t scope;  // how long a text it is, and what its $dynamicRefs find
  };

  // Forgets all, in no time: another value is judged.
  void forget() {
    if (++round_ == kRounds) {
      round_ = 1;
      kept_.clear();
    }
  }
  Answer find(const Question& question) const {
    if (kept_.empty()) return Answer::kUnknown;
    const Kept& kept = kept_[place_of(question)];
    bool same = kept.round == round_ && kept.value == question.value &&
                kept.schema == question.schema && kept.scope == question.scope;
    if (!same) return Answer::kUnknown;
    return kept.valid != 0 ? Answer::kValid : Answer::kInvalid;
  }
  void keep(const Question& question, bool valid) {
    if (kept_.empty()) kept_.resize(kPlaces);
    kept_[place_of(question)] = {question.value, question.scope, question.schema, round_ & kMask,
                                 valid};
  }

 private:
  static constexpr size_t kPlaces = size_t{1} << 14;
  static constexpr uint32_t kRounds = 1u << 31;
  static constexpr uint32_t kMask = kRounds - 1;
  struct Kept {
    const void* value = nullptr;
    uint64_t scope = 0;
    uint32_t schema = 0;
    uint32_t round : 31 = 0;
    uint32_t valid : 1 = 0;
  };
  static size_t place_of(const Question& question) {
    auto mixed = (reinterpret_cast<uintptr_t>(question.value) >> 2) * 0x9E3779B97F4A7C15u;
    mixed ^= (question.schema + question.scope) * 0xD6E8FEB86659FD93u;
    return static_cast<size_t>(mixed * 0x9E3779B97F4A7C15u >> 50);
  }

  std::vector<Kept> kept_;
  uint32_t round_ = 1;
};

}  // namespace waybill::contract
