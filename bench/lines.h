// SPDX-License-Identifier: Apache-2.0
// Log lines to measure with: always the same for the same seed, but for their times.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace waybill::bench {

// Bytes of a line on average, its '\n' included.
constexpr size_t kZapBytes = 379;
constexpr size_t kTextBytes = 208;

enum class Shape {
  kZap,      // JSON objects as zap's production config writes them
  kText,     // printf lines: time, level, [thread], prose, key=value pairs
  kRequest,  // zap's JSON, of 64 requests at once: a request id each, a trace id on its first line
  kMixed,    // three zap lines for a text line, in no order
};

class LineWriter {
 public:
  // Times rise from `first_time_ns` by 20 to 2,000 microseconds a line.
  LineWriter(Shape shape, uint64_t seed, int64_t first_time_ns)
      : shape_(shape), random_(seed), time_ns_(first_time_ns) {}

  // Appends the next line and its '\n'. Lines differ in length, and every two of a kind in a row
  // have exactly twice its average.
  void append(std::string& out);

 private:
  void zap(std::string& out);
  void request(std::string& out);
  void text(std::string& out);
  void pad(std::string& out, size_t begin, std::string_view tail, size_t average, long& surplus);
  uint64_t below(uint64_t bound) { return random_() % bound; }

  // One of the requests that are going on.
  struct Request {
    uint64_t id = 0;
    uint64_t lines_left = 0;
  };
  std::array<Request, 64> requests_{};

  Shape shape_;
  std::mt19937_64 random_;
  int64_t time_ns_;
  long zap_surplus_ = 0;  // by how much the line before was longer than the average
  long text_surplus_ = 0;
};

// "zap", "text" or "mixed"; false for anything else.
bool shape_of(std::string_view name, Shape& shape);

}  // namespace waybill::bench
