// SPDX-License-Identifier: Apache-2.0
// GrpcStreams: the server's side of HTTP/2 (RFC 9113), as far as a client that is measured needs
// it: every stream is a gRPC call, and every call succeeds with an empty message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace waybill::bench {

class GrpcStreams {
 public:
  // What a connection begins with, from the client.
  static constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

  // What is to be sent first.
  static std::string greeting();

  // Takes bytes behind the preface, in pieces as they came, and appends the answers to `out`. How
  // many calls ended with them.
  unsigned take(std::string_view bytes, std::string& out);
  // Bytes of messages so far.
  uint64_t bytes() const { return bytes_; }

 private:
  void take_head(std::string& out);
  bool end_of_frame(std::string& out);

  std::array<char, 9> head_;
  size_t head_size_ = 0;  // 9: a frame's payload is being read
  uint32_t left_ = 0;     // of the payload
  uint32_t stream_ = 0;
  uint8_t type_ = 0, flags_ = 0;
  std::string payload_;  // of what has to be repeated
  uint64_t bytes_ = 0;
  uint32_t unannounced_ = 0;  // of DATA, since the window was last opened
};

}  // namespace waybill::bench
