// SPDX-License-Identifier: Apache-2.0
#include "redaction/scanner.h"

#include <algorithm>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "redaction/chars.h"

namespace waybill::redaction {

namespace {

constexpr size_t kWindow = 3;

bool may_be(const Window& window, size_t place, size_t byte) {
  std::string_view bytes = window.places[place];
  return bytes.empty() || bytes.find(static_cast<char>(byte)) != std::string_view::npos;
}

// How often a byte stands in logs, of 1, in rough figures.
double share_of(size_t byte) {
  auto c = static_cast<char>(byte);
  if (c >= 'a' && c <= 'z') return 0.02;
  if (is(c, kDigitChar)) return 0.02;
  if (is(c, kAlphaChar)) return 0.003;
  if (c > ' ' && c < 0x7F) return 0.007;
  return c == ' ' ? 0.05 : 0.0002;
}

// Halves of bytes that windows have at their places, as sets.
struct Halves {
  std::array<uint16_t, kWindow> low{}, high{};

  Halves() = default;
  explicit Halves(const Window& window) {
    for (size_t place = 0; place < kWindow; ++place) {
      for (size_t byte = 0; byte < 256; ++byte) {
        if (!may_be(window, place, byte)) continue;
        low[place] = static_cast<uint16_t>(low[place] | 1u << byte % 16);
        high[place] = static_cast<uint16_t>(high[place] | 1u << byte / 16);
      }
    }
  }
  Halves operator|(const Halves& other) const {
    Halves both;
    for (size_t place = 0; place < kWindow; ++place) {
      both.low[place] = static_cast<uint16_t>(low[place] | other.low[place]);
      both.high[place] = static_cast<uint16_t>(high[place] | other.high[place]);
    }
    return both;
  }
  // Of all places in a log, those that would be looked at.
  double share() const {
    double all = 1;
    for (size_t place = 0; place < kWindow; ++place) {
      double here = 0;
      for (size_t byte = 0; byte < 256; ++byte) {
        bool there = (low[place] >> byte % 16 & 1) != 0 && (high[place] >> byte / 16 & 1) != 0;
        if (there) here += share_of(byte);
      }
      all *= here;
    }
    return all;
  }
};

// Whether the number at `first` may be of a card, an address or the like, by the lengths of its
// groups: most numbers in logs may not.
bool is_long_number(std::string_view text, size_t first) {
  constexpr size_t kCard = 13, kBareSsn = 9, kOctet = 3;
  const size_t end = run_end(text, first, kDigitChar, 20), digits = end - first;
  if (digits >= kCard || digits == kBareSsn) return true;
  if (end + 1 >= text.size() || !is(text[end + 1], kDigitChar)) return false;
  if (text[end] == '-' || text[end] == ' ') return digits == 3 || digits == 4;
  if (text[end] != '.' || digits > kOctet) return false;
  size_t next = run_end(text, end + 1, kDigitChar, kOctet + 1);
  return next < text.size() && text[next] == '.';
}

}  // namespace

struct Scanner::Pass {
  std::string_view text;
  std::vector<Hit>* hits;  // null: the first one ends the pass
  bool ids;
  bool found = false;
};

Scanner::Scanner(std::vector<const Detector*> detectors)
    : detectors_(std::move(detectors)), resume_(detectors_.size()) {
  place_windows();
  for (size_t place = 0; place < kWindow; ++place) {
    for (size_t byte = 0; byte < 256; ++byte) {
      uint8_t bits = exact_[place][byte];
      // Twice: the instruction looks up within each half of its register.
      for (size_t half : {size_t{0}, size_t{16}}) {
        halves_[2 * place][half + byte % 16] |= bits;
        halves_[2 * place + 1][half + byte / 16] |= bits;
      }
    }
  }
#if defined(__x86_64__)
  wide_ = __builtin_cpu_supports("avx2") != 0;
#endif
}

// Windows go where they add the fewest places that are found for nothing, the commonest ones first.
void Scanner::place_windows() {
  struct Open {
    uint32_t detector;
    const Window* window;
    Halves halves;
  };
  std::vector<Open> windows;
  for (uint32_t i = 0; i < detectors_.size(); ++i) {
    for (const Window& window : detectors_[i]->windows) {
      windows.push_back({i, &window, Halves(window)});
      bool known = !numbers_.empty() && numbers_.back() == i;
      if (window.number && !known) numbers_.push_back(i);
    }
  }
  std::stable_sort(windows.begin(), windows.end(), [](const Open& a, const Open& b) {
    return a.halves.share() > b.halves.share();
  });
  std::array<Halves, kBuckets> buckets;
  std::array<bool, kBuckets> others{};
  for (const Open& open : windows) {
    size_t best = 0;
    double least = 0;
    for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
      double more = (buckets[bucket] | open.halves).share() - buckets[bucket].share();
      // A number's bucket takes nothing else, so that numbers can be told from afar.
      const bool used = !buckets_[bucket].empty();
      if (used && others[bucket] == open.window->number) more += 1;
      if (bucket == 0 || more < least) {
        best = bucket;
        least = more;
      }
    }
    buckets[best] = buckets[best] | open.halves;
    others[best] = others[best] || !open.window->number;
    add(open.detector, *open.window, best);
  }
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    if (!others[bucket]) number_buckets_ |= static_cast<uint8_t>(1u << bucket);
  }
}

void Scanner::add(uint32_t detector, const Window& window, size_t bucket) {
  for (size_t place = 0; place < kWindow; ++place) {
    for (size_t byte = 0; byte < 256; ++byte) {
      if (may_be(window, place, byte)) exact_[place][byte] |= static_cast<uint8_t>(1u << bucket);
    }
  }
  std::vector<uint32_t>& all = buckets_[bucket];
  if (std::find(all.begin(), all.end(), detector) == all.end()) all.push_back(detector);
}

// Whether the pass is over.
bool Scanner::ask_all(Pass& pass, const std::vector<uint32_t>& detectors, size_t at) {
  for (uint32_t index : detectors) {
    if (at < resume_[index]) continue;
    const Detector& detector = *detectors_[index];
    if (pass.ids && detector.like_an_id) continue;
    Match match;
    if (!detector.verify(pass.text, at, match)) {
      resume_[index] = std::max(resume_[index], match.examined);
      continue;
    }
    pass.found = true;
    if (pass.hits == nullptr) return true;
    pass.hits->push_back(
        {static_cast<uint32_t>(match.begin), static_cast<uint32_t>(match.end), index});
    resume_[index] = match.end;
  }
  return false;
}

bool Scanner::ask(Pass& pass, uint8_t buckets, size_t at) {
  if ((buckets & number_buckets_) != 0) {
    if (is_long_number(pass.text, at + 1) && ask_all(pass, numbers_, at)) return true;
    buckets = static_cast<uint8_t>(buckets & ~number_buckets_);
  }
  for (unsigned left = buckets; left != 0; left &= left - 1) {
    if (ask_all(pass, buckets_[static_cast<size_t>(std::countr_zero(left))], at)) return true;
  }
  return false;
}

bool Scanner::look(Pass& pass, size_t at) {
  auto byte = [&](size_t place) { return static_cast<unsigned char>(pass.text[at + place]); };
  uint8_t buckets = exact_[0][byte(0)] & exact_[1][byte(1)] & exact_[2][byte(2)];
  return buckets != 0 && ask(pass, buckets, at);
}

void Scanner::run_plain(Pass& pass, size_t from) {
  for (size_t at = from; at + kWindow <= pass.text.size(); ++at) {
    if (look(pass, at)) return;
  }
}

#if defined(__x86_64__)
namespace {

// Of 32 places: the buckets that may have the byte there, by the halves of it.
__attribute__((target("avx2"), always_inline)) inline __m256i buckets_of(const char* bytes,
                                                                         __m256i low,
                                                                         __m256i high) {
  const __m256i low_bits = _mm256_set1_epi8(0x0F);
  __m256i all = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
  __m256i above = _mm256_and_si256(_mm256_srli_epi16(all, 4), low_bits);
  return _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(all, low_bits)),
                          _mm256_shuffle_epi8(high, above));
}

}  // namespace

__attribute__((target("avx2"))) void Scanner::run_wide(Pass& pass) {
  constexpr size_t kStep = 32;
  const char* text = pass.text.data();
  if (pass.text.size() < kStep + kWindow - 1) return run_plain(pass, 0);
  auto table = [this](size_t i) { return reinterpret_cast<const __m256i*>(halves_[i].data()); };
  const __m256i low0 = _mm256_load_si256(table(0)), high0 = _mm256_load_si256(table(1));
  const __m256i low1 = _mm256_load_si256(table(2)), high1 = _mm256_load_si256(table(3));
  const __m256i low2 = _mm256_load_si256(table(4)), high2 = _mm256_load_si256(table(5));
  const size_t last = pass.text.size() - (kStep + kWindow - 1);
  for (size_t at = 0, seen = 0;;) {
    const char* here = text + at;
    __m256i all = _mm256_and_si256(
        _mm256_and_si256(buckets_of(here, low0, high0), buckets_of(here + 1, low1, high1)),
        buckets_of(here + 2, low2, high2));
    __m256i none = _mm256_cmpeq_epi8(all, _mm256_setzero_si256());
    auto places = ~static_cast<uint32_t>(_mm256_movemask_epi8(none));
    // The last step goes back, so that it ends where the text does: what was looked at is not
    // again.
    places &= ~uint32_t{0} << seen;
    for (; places != 0; places &= places - 1) {
      if (look(pass, at + static_cast<size_t>(std::countr_zero(places)))) return;
    }
    if (at == last) return;
    const size_t next = std::min(at + kStep, last);
    seen = at + kStep - next;
    at = next;
  }
}
#else
void Scanner::run_wide(Pass& pass) { run_plain(pass, 0); }
#endif

void Scanner::run(Pass& pass) {
  if (detectors_.empty() || pass.text.size() < kWindow) return;
  std::fill(resume_.begin(), resume_.end(), 0);
  constexpr size_t before = std::string_view::npos;
  bool number = !numbers_.empty() && is(pass.text[0], kDigitChar);
  if (number && ask_all(pass, numbers_, before)) return;
  if (wide_) {
    run_wide(pass);
  } else {
    run_plain(pass, 0);
  }
}

bool Scanner::any(std::string_view text) {
  Pass pass{text, nullptr, false};
  run(pass);
  return pass.found;
}

size_t Scanner::first_window(std::string_view text) const {
  if (!numbers_.empty() && !text.empty() && is(text[0], kDigitChar)) return 0;
  for (size_t at = 0; at + kWindow <= text.size(); ++at) {
    auto byte = [&](size_t place) { return static_cast<unsigned char>(text[at + place]); };
    if ((exact_[0][byte(0)] & exact_[1][byte(1)] & exact_[2][byte(2)]) != 0) return at;
  }
  return std::string_view::npos;
}

void Scanner::scan(std::string_view text, std::vector<Hit>& hits, bool ids) {
  const size_t first = hits.size();
  Pass pass{text, &hits, ids};
  run(pass);
  if (hits.size() - first < 2) return;
  auto from = hits.begin() + static_cast<ptrdiff_t>(first);
  std::sort(from, hits.end(), [](const Hit& a, const Hit& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  size_t out = first;
  for (size_t i = first + 1; i < hits.size(); ++i) {
    if (hits[i].begin < hits[out].end) {
      hits[out].end = std::max(hits[out].end, hits[i].end);
    } else {
      hits[++out] = hits[i];
    }
  }
  hits.resize(out + 1);
}

}  // namespace waybill::redaction
