// SPDX-License-Identifier: Apache-2.0
#include "sampling/templates.h"

#include "core/json_text.h"
#include "core/utf8.h"
#include "sampling/hash.h"

namespace waybill::sampling {

namespace {

constexpr std::string_view kPlaceholder = "<*>";
constexpr uint64_t kMasked = 0x5BD1E9955BD1E995u;

enum Class : uint8_t { kBlank = 1, kDigit = 2, kQuote = 4, kHexLetter = 8, kJoint = 16 };

constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> all{};
  for (char c : {' ', '\t', '\n', '\r'}) all[static_cast<uint8_t>(c)] = kBlank;
  for (char c = '0'; c <= '9'; ++c) all[static_cast<uint8_t>(c)] = kDigit;
  for (char c = 'a'; c <= 'f'; ++c) all[static_cast<uint8_t>(c)] = kHexLetter;
  for (char c = 'A'; c <= 'F'; ++c) all[static_cast<uint8_t>(c)] = kHexLetter;
  for (char c : {'\'', '"', '`'}) all[static_cast<uint8_t>(c)] = kQuote;
  for (char c : {'=', ':', '(', '[', '{', '<', ','}) all[static_cast<uint8_t>(c)] = kJoint;
  return all;
}
constexpr std::array<uint8_t, 256> kClasses = make_classes();

uint8_t class_of(char c) { return kClasses[static_cast<uint8_t>(c)]; }

}  // namespace

Templates::Templates() : templates_(kMost), heads_(kHeads, kNone), memory_(kRemembered) {}

Templates::Found Templates::find(Text message) {
  std::string_view text = whole_characters(message.bytes(), kMostBytes);
  if (message.form == TextForm::kJson) {
    // An escape that is cut in two is decoded to nothing that matters.
    scratch_.resize(message.size);
    char* end = decode_json(message.bytes(), scratch_.data());
    text = std::string_view(scratch_.data(), static_cast<size_t>(end - scratch_.data()));
    text = whole_characters(text, kMostBytes);
  }
  uint64_t key = split(text);
  Memory& memory = memory_[key % kRemembered];
  if (memory.key == key && memory.serial != 0) {
    Template& known = templates_[memory.index];
    if (known.serial == memory.serial) {
      known.seen = true;
      ++known.records;
      return {known.id, known.text, false};
    }
  }
  uint64_t first = count_ > 0 ? words_[0].hash : 0;
  auto head = static_cast<uint32_t>(mix(first, count_) % kHeads);
  uint32_t index = similar(head);
  bool is_new = index == kNone;
  if (is_new) {
    index = make(key, head);
  } else {
    merge(templates_[index]);
  }
  Template& found = templates_[index];
  // One that never comes again is the first to go.
  found.seen = !is_new;
  ++found.records;
  memory = {key, found.serial, index};
  return {found.id, found.text, is_new};
}

// Cuts the message into words; the hash of all of them, as masked.
uint64_t Templates::split(std::string_view message) {
  count_ = 0;
  const char* at = message.data();
  const char* const end = at + message.size();
  while (count_ < kMostWords) {
    while (at != end && class_of(*at) == kBlank) ++at;
    if (at == end) break;
    const char* begin = at;
    const char* joint = begin;  // behind the last "=" or bracket before what is masked
    const char* mask = nullptr;
    bool hex = true;
    for (; at != end; ++at) {
      uint8_t kind = class_of(*at);
      if (kind == 0) {
        hex = false;
        continue;
      }
      if (kind == kBlank) break;
      if (kind == kDigit && mask == nullptr) mask = joint;
      if (kind == kJoint && mask == nullptr) joint = at + 1;
      if (kind == kQuote) {
        // What is in quotes may have blanks in it; an apostrophe within a word is none.
        bool opens = at == begin || (class_of(at[-1]) & kJoint) != 0;
        const char* close = opens ? at + 1 : end;
        while (close != end && *close != *at) ++close;
        if (close != end) {
          if (mask == nullptr) mask = at;
          at = close;
        }
      }
      if ((kind & (kDigit | kHexLetter)) == 0) hex = false;
    }
    if (mask == nullptr && hex && at - begin >= 8) mask = begin;
    size_t size = static_cast<size_t>(at - begin);
    add_word({begin, size}, mask == nullptr ? size : static_cast<size_t>(mask - begin));
  }
  uint64_t key = count_;
  for (size_t i = 0; i < count_; ++i) key = mix(key, words_[i].hash);
  return key;
}

void Templates::add_word(std::string_view token, size_t mask_at) {
  Word& word = words_[count_++];
  word.masked = mask_at < token.size();
  word.text = token.substr(0, mask_at);
  word.hash = word.masked && mask_at == 0 ? kMasked : hash_of(word.text);
  if (word.masked && mask_at != 0) word.hash = mix(word.hash, kMasked);
}

// The template of which more than two thirds of the words are the very same, most of all; of few
// words all must be. Else kNone.
uint32_t Templates::similar(uint32_t head) const {
  uint32_t best = kNone;
  size_t most = 0, looks = 0;
  for (uint32_t i = heads_[head]; i != kNone && looks < kLooks; i = templates_[i].next, ++looks) {
    const Template& other = templates_[i];
    if (other.words.size() != count_) continue;
    if (count_ == 0) return i;
    if (other.words[0] != words_[0].hash) continue;
    size_t same = 0, equal = 0;
    for (size_t k = 0; k < count_; ++k) {
      bool one = other.words[k] == words_[k].hash;
      equal += one ? 1 : 0;
      same += one && other.words[k] != kMasked ? 1 : 0;
    }
    if (equal == count_) return i;
    if (count_ >= 3 && same > most) {
      most = same;
      best = i;
    }
  }
  return best != kNone && most * 10 >= count_ * 7 ? best : kNone;
}

// What differs is a placeholder from now on.
void Templates::merge(Template& into) {
  bool changed = false;
  for (size_t k = 0; k < count_; ++k) {
    if (into.words[k] == words_[k].hash || into.words[k] == kMasked) continue;
    into.words[k] = kMasked;
    changed = true;
  }
  if (!changed) return;
  ++changes_;
  std::string text;
  std::string_view rest = into.text;
  for (size_t k = 0; k < count_; ++k) {
    size_t end = std::min(rest.find(' '), rest.size());
    if (k > 0) text += ' ';
    text += into.words[k] == kMasked ? kPlaceholder : rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  into.text = std::move(text);
}

uint32_t Templates::make(uint64_t key, uint32_t head) {
  uint32_t index = free_place();
  Template& made = templates_[index];
  made.id = key;
  made.serial = ++serial_;
  made.records = 0;
  ++changes_;
  made.head = head;
  made.next = heads_[head];
  heads_[head] = index;
  made.words.clear();
  made.text.clear();
  for (size_t k = 0; k < count_; ++k) {
    const Word& word = words_[k];
    made.words.push_back(word.hash);
    if (k > 0) made.text += ' ';
    made.text += word.text;
    if (word.masked) made.text += kPlaceholder;
  }
  if (newest_.size() == kNewest) newest_.pop_back();
  newest_.insert(newest_.begin(), {key, 0, made.text});
  return index;
}

// One that was not asked for since the hand came by last: its place is given to the new one.
uint32_t Templates::free_place() {
  if (used_ < kMost) return static_cast<uint32_t>(used_++);
  while (templates_[hand_].seen) {
    templates_[hand_].seen = false;
    hand_ = (hand_ + 1) % kMost;
  }
  uint32_t index = hand_;
  hand_ = (hand_ + 1) % kMost;
  unlink(index);
  return index;
}

void Templates::unlink(uint32_t index) {
  uint32_t* link = &heads_[templates_[index].head];
  while (*link != index) link = &templates_[*link].next;
  *link = templates_[index].next;
}

}  // namespace waybill::sampling
