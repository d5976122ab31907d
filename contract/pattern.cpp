// SPDX-License-Identifier: Apache-2.0
#include "contract/pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "contract/automaton.h"

namespace waybill::contract {

namespace {

// Of one pattern: its program and the states of its automaton that RE2 keeps. A pattern that needs
// more for its program is refused; states that do not fit are made again, in linear time all the
// same.
constexpr int64_t kMostMemory = 4 << 20;

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kMostMemory);
  return options;
}

class Regex final : public Pattern {
 public:
  Regex(std::string_view written, const std::string& re2) : Pattern(written), re_(re2, options()) {}

  const RE2& re() const { return re_; }
  bool matches(std::string_view text) const override {
    return re_.Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
  }
  bool matches_all(std::span<const std::string_view>) const override { return false; }
  uint32_t states() const override { return static_cast<uint32_t>(re_.ProgramSize()); }

 private:
  RE2 re_;
};

// `^[0-9a-f]{32}$`, `^\d{4}-\d{2}$`: so many bytes, each of a set, without any state.
class Fixed final : public Pattern {
 public:
  Fixed(std::string_view written, FixedSets sets) : Pattern(written), sets_(std::move(sets)) {}

  bool matches(std::string_view text) const override {
    if (text.size() != sets_.size) return false;
    const char* at = text.data();
    for (const FixedSets::Run& run : sets_.runs) {
      uint8_t common = run.set;
      for (const char* end = at + run.count; at != end; ++at) {
        common &= sets_.members[static_cast<unsigned char>(*at)];
      }
      if (common == 0) return false;
    }
    return true;
  }
  bool matches_all(std::span<const std::string_view> places) const override {
    if (places.size() != sets_.size) return false;
    size_t at = 0;
    for (const FixedSets::Run& run : sets_.runs) {
      for (size_t end = at + run.count; at != end; ++at) {
        for (char c : places[at]) {
          if ((sets_.members[static_cast<unsigned char>(c)] & run.set) == 0) return false;
        }
      }
    }
    return true;
  }
  uint32_t states() const override { return 1; }

 private:
  FixedSets sets_;
};

class Table final : public Pattern {
 public:
  Table(std::string_view written, Automaton automaton)
      : Pattern(written), automaton_(std::move(automaton)) {}

  bool matches(std::string_view text) const override { return automaton_.matches(text); }
  bool matches_all(std::span<const std::string_view> places) const override {
    return automaton_.matches_all(places);
  }
  uint32_t states() const override { return 1; }

 private:
  Automaton automaton_;
};

}  // namespace

Result<std::unique_ptr<Pattern>> Pattern::make(std::string_view ecma) {
  Translated text = translate(ecma);
  if (!text.invalid.empty()) {
    return Error{Action::kFixConfig,
                 fmt::format("is no regular expression of ECMA-262: {}", text.invalid)};
  }
  if (text.too_large) {
    return Error{
        Action::kFixConfig,
        "is too large, with what its properties \\p{…} stand for written out: more than 512 KiB; "
        "use fewer of them"};
  }
  if (!text.refused.empty()) {
    return Error{Action::kFixConfig,
                 fmt::format("has {}, which cannot be matched in linear time: write it without",
                             text.refused)};
  }
  if (auto sets = fixed_sets(text.re2)) {
    return std::unique_ptr<Pattern>(std::make_unique<Fixed>(ecma, std::move(*sets)));
  }
  if (auto automaton = Automaton::make(text.re2)) {
    return std::unique_ptr<Pattern>(std::make_unique<Table>(ecma, std::move(*automaton)));
  }
  auto made = std::make_unique<Regex>(ecma, text.re2);
  if (!made->re().ok()) {
    return Error{Action::kFixConfig,
                 fmt::format("is not taken by RE2: {}: make it simpler", made->re().error())};
  }
  return std::unique_ptr<Pattern>(std::move(made));
}

}  // namespace waybill::contract
