// SPDX-License-Identifier: Apache-2.0
// Suppressed: the record that stands for those that were not sent, `suppressed N: …`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/batch.h"

namespace waybill::sampling {

// What is known of them. Strings keep their memory when it is used again.
struct Suppressed {
  uint64_t lines = 0;  // that were not sent
  double weight = 0;   // that these stood for
  int64_t first_ns = 0, last_ns = 0;
  Level level = Level::kNone;
  uint8_t severity = 0;
  uint64_t template_id = 0;            // 0: none is shown
  std::string input, service, logger;  // the line's own service; empty: as configured
  std::string message;                 // of the first, or their template; characters
};

// Writes such records. One thread at a time.
class SuppressedWriter {
 public:
  // Appends one to the batch, which is all of such records. Its id is made of a nonce of our own.
  void append(Batch& batch, const Suppressed& suppressed);

 private:
  uint32_t source_of(Batch& batch, const std::string& input);

  std::vector<std::shared_ptr<const Source>> sources_;  // one for each input
  uint64_t written_ = 0;
};

// `rate` as a JSON number in the arena; empty for 1.
std::string_view rate_text(double rate, Arena& arena);

// 16 hex digits in the arena.
std::string_view template_id_text(uint64_t id, Arena& arena);

}  // namespace waybill::sampling
