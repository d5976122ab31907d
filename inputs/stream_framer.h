// SPDX-License-Identifier: Apache-2.0
// StreamFramer: cuts a byte stream into lines or into messages, whichever its sender uses.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "inputs/line_carry.h"
#include "inputs/octet_carry.h"

namespace waybill::inputs {

// RFC 6587 §3.4 names two framings of syslog over a stream, and no way to agree on one.
enum class Framing : uint8_t {
  // Octet counting if the stream begins with a count, a space and the '<' of a syslog message;
  // else lines.
  kAuto,
  kNewline,        // §3.4.2: a line each, "\n" or "\r\n"
  kOctetCounting,  // §3.4.1: see octet_carry.h
};

// Used as LineCarry is. One thread at a time.
class StreamFramer {
 public:
  // `allowance` may be null; else it outlives this.
  StreamFramer(Framing framing, size_t max_line, CarryAllowance* allowance = nullptr);
  StreamFramer(StreamFramer&&) = delete;

  size_t wanted() const;
  std::span<char> place(Batch& batch) const;
  // Where a count of octets should stand and none does, what was read from there on is taken as
  // lines, so that none of it is lost, and why_broken() says what is wrong: the stream is of no
  // use any more.
  void take(Batch& batch, uint32_t source, size_t size);
  void finish(Batch& batch, uint32_t source);

  const std::string& why_broken() const { return why_broken_; }
  size_t held() const;       // bytes kept of a line or message that is not whole
  uint64_t missing() const;  // bytes of it that were announced and have not come
  bool within() const { return held() > 0 || missing() > 0; }
  // Bytes of framing, which stand in no chunk, since the last call.
  uint64_t take_framing_bytes();

 private:
  void decide(Batch& batch, uint32_t source, size_t size);

  const size_t max_line_;
  CarryAllowance* const allowance_;
  std::string head_;  // while it is not decided: all bytes so far, a few
  std::variant<std::monostate, LineCarry, OctetCarry> carry_;  // monostate: not decided
  std::string why_broken_;
  uint64_t framing_bytes_told_ = 0;
};

}  // namespace waybill::inputs
