// SPDX-License-Identifier: Apache-2.0
// Templates: which messages are one message with other values in it. Online, and bounded.
//
// What varies by its looks is masked first: numbers, ids, hex, what stands in quotes. Equal masked
// messages have one template. One that is new is held against those of as many words that begin
// alike, as Drain does (He et al. 2017): where most words are the same, the others become
// placeholders, too. They can be kept as bytes, and are the same ones again when read from them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/text.h"

namespace waybill::sampling {

// One thread at a time. Allocates nothing for a message whose template it knows.
class Templates {
 public:
  static constexpr size_t kMost = 1024;  // templates; the one not seen longest goes for a new one
  static constexpr size_t kMostWords = 48;  // of a message; what is behind is not looked at
  static constexpr size_t kMostBytes = 512;

  struct Found {
    uint64_t id = 0;        // of the template; the same message first makes the same id anywhere
    std::string_view text;  // "user <*> logged in"; valid until the next call
    bool is_new = false;
  };
  Found find(Text message);

  size_t size() const { return used_; }
  // Counts what changed of ids and texts.
  uint64_t changes() const { return changes_; }

  // One of them, for people.
  struct Line {
    uint64_t id = 0, records = 0;
    std::string text;
  };
  // Those that most records had since the start, at most `most`; first the one with most.
  std::vector<Line> top(size_t most) const;
  // The last ones that were new, as they were then; first the newest.
  const std::vector<Line>& newest() const { return newest_; }

  // All of them as bytes: a header (magic with the version of the format, a probe of our hashes,
  // size and XXH3 of what follows), then each one's id, words and text. Integers are little endian.
  std::string encode() const;
  // Takes those of encode() in the place of what there is. An Error says in words why it cannot;
  // then nothing changed. Any bytes are legal input.
  Result<void> decode(std::string_view bytes);

  Templates();

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr size_t kHeads = 1024, kRemembered = 4096;
  static constexpr size_t kNewest = 5;
  static constexpr size_t kLooks = 16;  // templates that a new message is held against

  struct Word {
    std::string_view text;  // up to what is masked
    uint64_t hash = 0;
    bool masked = false;
  };
  struct Template {
    uint64_t id = 0, serial = 0;
    uint64_t records = 0;
    uint32_t next = kNone;  // of those with as many words and the same first one
    uint32_t head = 0;
    bool seen = false;  // since the hand came by
    std::vector<uint64_t> words;
    std::string text;
  };
  struct Memory {
    uint64_t key = 0, serial = 0;
    uint32_t index = 0;
  };

  uint64_t split(std::string_view message);
  void add_word(std::string_view token, size_t mask_at);
  uint32_t similar(uint32_t head) const;
  void merge(Template& into);
  uint32_t make(uint64_t key, uint32_t head);
  void enter(Template made);
  uint32_t free_place();
  void unlink(uint32_t index);

  std::array<Word, kMostWords> words_;
  size_t count_ = 0;
  std::string scratch_;
  std::vector<Template> templates_;
  std::vector<uint32_t> heads_;
  std::vector<Memory> memory_;  // by the hash of the masked words
  std::vector<Line> newest_;
  size_t used_ = 0;
  uint32_t hand_ = 0;
  uint64_t serial_ = 0, changes_ = 0;
};

}  // namespace waybill::sampling
