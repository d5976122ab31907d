// SPDX-License-Identifier: Apache-2.0
// Scanner: finds the secrets of all detectors in one pass over a text.
//
// The pass looks at three bytes at each place by table, 32 places at a time with AVX2, and knows
// which detectors may find something there; these look closer at such places alone. So a text costs
// the same however many detectors there are, and a line of any content is linear: what a detector
// has looked at it does not look at again.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "redaction/detector.h"

namespace waybill::redaction {

// A secret in a text.
struct Hit {
  uint32_t begin, end;
  uint32_t detector;  // index of those the scanner was made of
};

// One thread at a time. Allocates while `hits` grows, else nothing.
class Scanner {
 public:
  explicit Scanner(std::vector<const Detector*> detectors);

  // Appends what is found in `text`, in order, overlaps put together as hits of the first. `ids`:
  // the text is an id, where detectors that are like one are not asked.
  void scan(std::string_view text, std::vector<Hit>& hits, bool ids = false);
  // Whether scan() would find anything.
  bool any(std::string_view text);
  // The first place where one of the detectors would look closer; npos: there is none.
  size_t first_window(std::string_view text) const;

  const std::vector<const Detector*>& detectors() const { return detectors_; }

 private:
  using ByteTable = std::array<uint8_t, 256>;
  struct Pass;

  void place_windows();
  void add(uint32_t detector, const Window& window, size_t bucket);
  void run(Pass& pass);
  void run_wide(Pass& pass);
  void run_plain(Pass& pass, size_t from);
  bool look(Pass& pass, size_t at);
  bool ask(Pass& pass, uint8_t buckets, size_t at);
  bool ask_all(Pass& pass, const std::vector<uint32_t>& detectors, size_t at);

  std::vector<const Detector*> detectors_;
  std::vector<size_t> resume_;  // of each: where it may begin again
  // Windows that are looked for together, and the detectors that have them.
  static constexpr size_t kBuckets = 8;
  std::array<std::vector<uint32_t>, kBuckets> buckets_;
  std::vector<uint32_t> numbers_;  // detectors of numbers
  uint8_t number_buckets_ = 0;     // buckets with nothing but numbers
  // Of each of three places: the buckets that may have such a byte there; and the same by halves
  // of a byte, which takes in some more.
  std::array<ByteTable, 3> exact_{};
  alignas(32) std::array<std::array<uint8_t, 32>, 6> halves_{};
  bool wide_ = false;  // the processor has AVX2
};

}  // namespace waybill::redaction
