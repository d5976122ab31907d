// SPDX-License-Identifier: Apache-2.0
#include "bench/grpc_streams.h"

#include <algorithm>

namespace waybill::bench {

namespace {

// RFC 9113, section 6.
constexpr uint8_t kData = 0, kHeaders = 1, kSettings = 4, kPing = 6, kWindowUpdate = 8;
constexpr uint8_t kAck = 1, kEndStream = 1, kEndHeaders = 4;
constexpr uint32_t kInitialWindow = 0xFFFF, kLargestWindow = 0x7FFFFFFF;
constexpr uint32_t kRefill = uint32_t{64} << 20;

void append_number(std::string& out, uint32_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift & 0xFF);
  }
}

void append_frame(std::string& out, uint8_t type, uint8_t flags, uint32_t stream,
                  std::string_view payload) {
  append_number(out, static_cast<uint32_t>(payload.size()), 3);
  append_number(out, type, 1);
  append_number(out, flags, 1);
  append_number(out, stream, 4);
  out += payload;
}

void append_window(std::string& out, uint32_t more) {
  std::string payload;
  append_number(payload, more, 4);
  append_frame(out, kWindowUpdate, 0, 0, payload);
}

// RFC 7541, 6.2.2: a literal that is not indexed, with a new name.
std::string literal(std::string_view name, std::string_view value) {
  std::string field(1, '\0');
  for (std::string_view text : {name, value}) {
    append_number(field, static_cast<uint32_t>(text.size()), 1);
    field += text;
  }
  return field;
}

void append_success(std::string& out, uint32_t stream) {
  constexpr char kStatus200 = static_cast<char>(0x88);  // RFC 7541, appendix A
  static const std::string headers = kStatus200 + literal("content-type", "application/grpc+proto");
  static const std::string trailers = literal("grpc-status", "0");
  static const std::string message(5, '\0');  // not compressed, of no bytes
  append_frame(out, kHeaders, kEndHeaders, stream, headers);
  append_frame(out, kData, 0, stream, message);
  append_frame(out, kHeaders, kEndHeaders | kEndStream, stream, trailers);
}

}  // namespace

std::string GrpcStreams::greeting() {
  std::string settings;
  append_number(settings, 4, 2);  // SETTINGS_INITIAL_WINDOW_SIZE: no stream needs more
  append_number(settings, kLargestWindow, 4);
  std::string out;
  append_frame(out, kSettings, 0, 0, settings);
  append_window(out, kLargestWindow - kInitialWindow);
  return out;
}

unsigned GrpcStreams::take(std::string_view bytes, std::string& out) {
  unsigned ended = 0;
  while (!bytes.empty()) {
    if (head_size_ < head_.size()) {
      size_t size = std::min(bytes.size(), head_.size() - head_size_);
      std::copy_n(bytes.data(), size, head_.data() + head_size_);
      head_size_ += size;
      bytes.remove_prefix(size);
      if (head_size_ < head_.size()) break;
      take_head(out);
    }
    auto size = static_cast<uint32_t>(std::min<size_t>(bytes.size(), left_));
    if (type_ == kPing) payload_ += bytes.substr(0, size);
    left_ -= size;
    bytes.remove_prefix(size);
    if (left_ == 0) ended += end_of_frame(out) ? 1 : 0;
  }
  return ended;
}

void GrpcStreams::take_head(std::string& out) {
  auto number = [&](size_t at, size_t size) {
    uint32_t value = 0;
    for (size_t i = at; i < at + size; ++i) {
      value = value << 8 | static_cast<unsigned char>(head_[i]);
    }
    return value;
  };
  left_ = number(0, 3);
  type_ = static_cast<uint8_t>(number(3, 1));
  flags_ = static_cast<uint8_t>(number(4, 1));
  stream_ = number(5, 4) & kLargestWindow;
  payload_.clear();
  if (type_ != kData) return;
  bytes_ += left_;
  unannounced_ += left_;
  if (unannounced_ < kRefill) return;
  append_window(out, unannounced_);
  unannounced_ = 0;
}

// Whether a call ended with it.
bool GrpcStreams::end_of_frame(std::string& out) {
  head_size_ = 0;
  if (type_ == kSettings && (flags_ & kAck) == 0) append_frame(out, kSettings, kAck, 0, {});
  if (type_ == kPing && (flags_ & kAck) == 0) append_frame(out, kPing, kAck, 0, payload_);
  bool ended = (type_ == kData || type_ == kHeaders) && (flags_ & kEndStream) != 0;
  if (ended) append_success(out, stream_);
  return ended;
}

}  // namespace waybill::bench
