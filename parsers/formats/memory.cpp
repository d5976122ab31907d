// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/memory.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "core/check.h"
#include "parsers/formats/shapes.h"

#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

namespace waybill::parsers::formats {

namespace {

constexpr size_t kLongestLevel = 13;  // "informational"

// The words of severity_of_word().
constexpr std::string_view kLevels[] = {"d",         "i",           "w",
                                        "e",         "f",           "t",
                                        "v",         "dbg",         "inf",
                                        "wrn",       "err",         "ftl",
                                        "trc",       "pnc",         "log",
                                        "vrb",       "info",        "warn",
                                        "crit",      "http",        "fine",
                                        "emer",      "note",        "eror",
                                        "dbug",      "debg",        "trce",
                                        "fail",      "erro",        "debu",
                                        "fata",      "trac",        "debug",
                                        "error",     "fatal",       "trace",
                                        "panic",     "alert",       "emerg",
                                        "finer",     "silly",       "notice",
                                        "severe",    "finest",      "system",
                                        "dpanic",    "config",      "ddebug",
                                        "warning",   "verbose",     "default",
                                        "success",   "critical",    "subdebug",
                                        "emergency", "information", "informational"};

// The words in small letters that patterns of tables/ begin with.
constexpr std::string_view kFronts[] = {"nginx", "node", "npm", "tls", "type"};

bool begins_pattern(std::string_view word) {
  return std::find(std::begin(kFronts), std::end(kFronts), word) != std::end(kFronts);
}

// By its first letter and its length alone: a word that may be one of those.
constexpr std::array<uint32_t, 26> kLevelLengths = [] {
  std::array<uint32_t, 26> lengths{};
  for (std::string_view word : kLevels) {
    lengths[static_cast<size_t>(word[0] - 'a')] |= uint32_t{1} << word.size();
  }
  return lengths;
}();

bool may_be_level(char first, size_t length) {
  return length <= kLongestLevel &&
         (kLevelLengths[static_cast<size_t>(first - 'a')] >> length & 1) != 0;
}

// Which bytes of a front are what: bit i of the two words is byte i.
struct Bits {
  std::array<uint64_t, 2> words{};

  void set(size_t at, uint64_t bits) { words[at / 64] |= bits << at % 64; }
  // Those whose neighbour in front is not set.
  Bits starts() const {
    uint64_t carry = words[0] >> 63;
    return {{words[0] & ~(words[0] << 1), words[1] & ~(words[1] << 1 | carry)}};
  }
  // How many are set in front of `at`.
  size_t count_before(size_t at) const {
    auto low = at < 64 ? words[0] & ((uint64_t{1} << at) - 1) : words[0];
    auto high = at < 64 ? 0 : words[1] & ((uint64_t{1} << (at - 64)) - 1);
    return static_cast<size_t>(std::popcount(low) + std::popcount(high));
  }
  // The first from `at` on that is not set.
  size_t end_of_run(size_t at) const {
    if (at < 64) {
      uint64_t clear = ~words[0] >> at << at;
      if (clear != 0) return static_cast<size_t>(std::countr_zero(clear));
      at = 64;
    }
    return 64 + static_cast<size_t>(std::countr_one(words[1] >> (at - 64) << (at - 64) |
                                                    ((uint64_t{1} << (at - 64)) - 1)));
  }
};

// A front with all digits as '0', all small letters as 'a' and all blanks as ' '.
struct Front {
  static constexpr size_t kSize = 128;
  alignas(16) std::array<char, kSize> bytes;
  Bits lower, blank;
};
static_assert(kFrontBytes < Front::kSize && kFrontBytes % 16 == 0);

#if defined(__x86_64__)
void classify(const char* from, size_t at, Front& front) {
  const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(from + at));
  // Signed: bytes from 0x80 on are less than all of these.
  auto between = [&](char first, char last) {
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(static_cast<char>(first - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8(static_cast<char>(last + 1))));
  };
  auto is = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
  const __m128i lower = between('a', 'z');
  const __m128i digit = between('0', '9');
  const __m128i blank = _mm_or_si128(is(' '), is('\t'));
  const __m128i changed = _mm_or_si128(_mm_or_si128(lower, digit), blank);
  __m128i all = _mm_andnot_si128(changed, bytes);
  all = _mm_or_si128(all, _mm_and_si128(lower, _mm_set1_epi8('a')));
  all = _mm_or_si128(all, _mm_and_si128(digit, _mm_set1_epi8('0')));
  all = _mm_or_si128(all, _mm_and_si128(blank, _mm_set1_epi8(' ')));
  _mm_store_si128(reinterpret_cast<__m128i*>(front.bytes.data() + at), all);
  auto bits = [](__m128i mask) { return static_cast<uint64_t>(_mm_movemask_epi8(mask)); };
  front.lower.set(at, bits(lower));
  front.blank.set(at, bits(blank));
}
#else
void classify(const char* from, size_t at, Front& front) {
  for (size_t i = at; i < at + 16; ++i) {
    const char c = from[i];
    const bool lower = c >= 'a' && c <= 'z';
    const bool blank = c == ' ' || c == '\t';
    front.bytes[i] = lower ? 'a' : blank ? ' ' : c >= '0' && c <= '9' ? '0' : c;
    front.lower.set(i, lower ? 1 : 0);
    front.blank.set(i, blank ? 1 : 0);
  }
}
#endif

// The shape in writing: first what is kept of the front, then words that count by their letters.
class Outline {
 public:
  // `compact` writes what is kept, and says where it ends.
  Outline(const Front& front, const Bits& kept,
          char* (*compact)(const Front&, const Bits&, char*)) {
    char* end = compact(front, kept, bytes_.data());
    size_ = skeleton_ = static_cast<size_t>(end - bytes_.data());
  }
  // A word of `size` letters, each with its place among what is kept. 16 bytes are readable there.
  void add_word(size_t place, const char* letters, size_t size) {
    bytes_[size_] = static_cast<char>(place);
    std::memcpy(bytes_.data() + size_ + 1, letters, kWordRoom);
    size_ += size + 1;
  }
  uint64_t hash(uint64_t seed) const {
    return XXH3_64bits_withSeed(bytes_.data(), size_, seed * Front::kSize + skeleton_);
  }

 private:
  static constexpr size_t kWordRoom = 16;
  static_assert(kLongestLevel <= kWordRoom);
  // A byte for each that is kept, one for each letter, and a place for each word, of which there
  // is one to two bytes at the most.
  std::array<char, 3 * Front::kSize> bytes_;
  size_t size_ = 0, skeleton_ = 0;
};

char* compact_one_by_one(const Front& front, const Bits& kept, char* to) {
  for (size_t word = 0; word < 2; ++word) {
    const char* from = front.bytes.data() + word * 64;
    for (uint64_t left = kept.words[word]; left != 0; left &= left - 1) {
      *to++ = from[std::countr_zero(left)];
    }
  }
  return to;
}

#if defined(__x86_64__)
// For each byte of bits: which of eight bytes are kept, from the first one on, and how many.
struct Shuffles {
  std::array<std::array<uint8_t, 8>, 256> places{};
  std::array<uint8_t, 256> counts{};
};
constexpr Shuffles kShuffles = [] {
  Shuffles all;
  for (size_t bits = 0; bits < 256; ++bits) {
    for (uint8_t i = 0; i < 8; ++i) {
      if ((bits >> i & 1) != 0) all.places[bits][all.counts[bits]++] = i;
    }
  }
  return all;
}();

__attribute__((target("ssse3"))) char* compact_by_eight(const Front& front, const Bits& kept,
                                                        char* to) {
  for (size_t at = 0; at < kFrontBytes; at += 8) {
    const size_t bits = kept.words[at / 64] >> at % 64 & 0xff;
    auto load = [](const void* from) { return _mm_loadl_epi64(static_cast<const __m128i*>(from)); };
    __m128i bytes = load(front.bytes.data() + at);
    bytes = _mm_shuffle_epi8(bytes, load(kShuffles.places[bits].data()));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), bytes);
    to += kShuffles.counts[bits];
  }
  return to;
}
#endif

// Of a run of blanks or of small letters the first byte is kept; digits all are, as forms of dates
// and times differ in how many they have; and whatever else is.
uint64_t make_shape(uint64_t stream, std::string_view line,
                    char* (*compact)(const Front&, const Bits&, char*)) {
  const size_t size = std::min(line.size(), kFrontBytes);
  alignas(16) std::array<char, Front::kSize + 16> copy;
  if (size == kFrontBytes) {
    std::memcpy(copy.data(), line.data(), kFrontBytes);
  } else {
    std::memset(copy.data(), 0, kFrontBytes);
    if (size != 0) std::memcpy(copy.data(), line.data(), size);
  }
  Front front;
  for (size_t at = 0; at < kFrontBytes; at += 16) classify(copy.data(), at, front);

  const Bits words = front.lower.starts();
  const Bits blanks = front.blank.starts();
  Bits kept;
  for (size_t i = 0; i < 2; ++i) {
    uint64_t single = ~(front.lower.words[i] | front.blank.words[i]);
    if (size < (i + 1) * 64) single &= size > i * 64 ? (uint64_t{1} << (size - i * 64)) - 1 : 0;
    kept.words[i] = single | words.words[i] | blanks.words[i];
  }
  Outline outline(front, kept, compact);
  for (size_t i = 0; i < 2; ++i) {
    for (uint64_t left = words.words[i]; left != 0; left &= left - 1) {
      const size_t small = i * 64 + static_cast<size_t>(std::countr_zero(left));
      const size_t end = front.lower.end_of_run(small);
      // "Warning" is a level, "arning" is none.
      size_t begin = small;
      while (begin > 0 && is_upper(copy[begin - 1]) && end - begin <= kLongestLevel) --begin;
      const size_t length = end - begin;
      if (length > kLongestLevel) continue;
      if (begin < small) {
        // Messages begin with such words: only those that are levels tell lines apart.
        if (!may_be_level(static_cast<char>(copy[begin] | 0x20), length)) continue;
        if (!severity_of_word({copy.data() + begin, length})) continue;
      } else {
        const bool bracket = begin > 0 && (copy[begin - 1] == '[' || copy[begin - 1] == '<');
        const bool literal = begin == 0 && begins_pattern({copy.data(), length});
        if (!bracket && !literal && !may_be_level(copy[begin], length)) continue;
      }
      outline.add_word(kept.count_before(begin), copy.data() + begin, length);
    }
  }
  // Whether it goes on matters as well.
  return outline.hash(stream * 2 + (line.size() > kFrontBytes ? 1 : 0)) | 1;
}

}  // namespace

uint64_t shape_of(uint64_t stream, std::string_view line) {
#if defined(__x86_64__)
  static const bool by_eight = __builtin_cpu_supports("ssse3") != 0;
  if (by_eight) return make_shape(stream, line, compact_by_eight);
#endif
  return portable_shape_of(stream, line);
}

bool may_begin_with_time(std::string_view line) {
  line = line.substr(0, kFrontBytes);
  if (line.starts_with('[')) line.remove_prefix(1);
  if (line.empty()) return false;
  if (is_digit(line.front())) return true;
  if (!is_letter(line.front())) return false;
  for (size_t at = line.find(':'); at != line.npos; at = line.find(':', at + 1)) {
    bool clock = at > 0 && at + 2 < line.size() && is_digit(line[at - 1]) &&
                 is_digit(line[at + 1]) && is_digit(line[at + 2]);
    if (clock) return true;
  }
  return false;
}

static_assert(std::is_trivially_copyable_v<Memory::Entry>);

// Zeros are empty entries, and calloc(3) does not write them.
Memory::Memory() : entries_(static_cast<Entry*>(std::calloc(kEntries, sizeof(Entry)))) {
  WAYBILL_CHECK(entries_ != nullptr, "out of memory");
}

void Memory::Free::operator()(Entry* entries) const { std::free(entries); }

uint64_t portable_shape_of(uint64_t stream, std::string_view line) {
  return make_shape(stream, line, compact_one_by_one);
}

}  // namespace waybill::parsers::formats
