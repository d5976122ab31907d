// SPDX-License-Identifier: Apache-2.0
// OctetCarry: cuts the bytes of one stream, as they are read, into messages that say their size
// (RFC 6587 §3.4.1, RFC 5425 §4.3):
//
//   MSG-LEN SP MSG        MSG-LEN = NONZERO-DIGIT *DIGIT, the octets of MSG
//
// Line ends between two messages are skipped: some senders add one that they do not count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/batch.h"
#include "inputs/kept_bytes.h"

namespace waybill::inputs {

// Used as LineCarry is. One thread at a time.
class OctetCarry {
 public:
  // A count above this, or above max_line where that is more, is no count: whoever read on would
  // take what the sender says for hours as one message.
  static constexpr uint64_t kLargest = 16 << 20;
  static constexpr size_t kMostDigits = 9;

  // Messages keep their first `max_line` bytes (at least 1). `allowance` may be null.
  explicit OctetCarry(size_t max_line, CarryAllowance* allowance = nullptr);

  size_t wanted() const;
  std::span<char> place(Batch& batch) const;

  // The first `size` bytes of place(batch) have been filled. Whole messages become chunks of
  // batch.sources[source]; the rest is kept. Where a count should stand and none does, nothing
  // more is taken: why() says what is wrong, and the bytes from there on stand uncommitted at the
  // beginning of batch.room(); returns how many. Never called again then.
  size_t take(Batch& batch, uint32_t source, size_t size);

  // The stream has ended: an unfinished message, or count, becomes a chunk. Needs room for held().
  void finish(Batch& batch, uint32_t source);

  const std::string& why() const { return why_; }            // empty while the counts are sound
  size_t held() const { return kept_.size(); }               // bytes kept of what is unfinished
  uint64_t missing() const { return missing_; }              // announced, not come yet
  uint64_t position() const { return position_; }            // of the next byte of the stream
  uint64_t framing_bytes() const { return framing_bytes_; }  // so far: counts, skipped line ends

 private:
  // A count and where its message begins; nothing when it is not whole yet, or (why_) is none.
  struct Count {
    uint64_t size;
    const char* message;
  };
  std::optional<Count> read_count(const char* begin, const char* end);
  bool is_absurd(uint64_t size) const;
  const char* take_messages(Batch& batch, uint32_t source, const char* begin, const char* end);
  const char* end_message(Batch& batch, uint32_t source, const char* fresh);
  void add_message(Batch& batch, uint32_t source, const char* begin, uint64_t there,
                   uint64_t whole);

  const size_t max_line_;
  KeptBytes kept_;        // of the message, or of a count that is not whole
  uint64_t missing_ = 0;  // > 0: within a message
  uint64_t position_ = 0;
  uint64_t framing_bytes_ = 0;
  std::string why_;
  const char* broken_at_ = nullptr;  // within the batch of take(), once why_ says something
};

}  // namespace waybill::inputs
