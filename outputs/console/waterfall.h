// SPDX-License-Identifier: Apache-2.0
// Waterfall: a trace as a picture in text: its spans as a tree with bars over time, and below each
// what was said in it.
//
//   trace 4bf92f3577b34da6a3ce929d0e0e4736  2026-01-02 03:04:05.678  1.24 s  7 lines  1 error
//   ├─ gateway 00f067aa            +0 ms   1.24 s  ████████████████████
//   │      +0 ms INFO  GET /orders/42
//   │  └─ orders 53995c3f        +120 ms   800 ms    █████████████
//   │       +920 ms ERROR no stock left  StockError: none of 42
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/buffer.h"
#include "outputs/console/traces.h"

namespace waybill::outputs::console {

// One thread. What comes from lines is made harmless (outputs/printable.h), and cut to the width.
class Waterfall {
 public:
  static constexpr size_t kNarrowest = 50;

  // `width`: columns of the terminal; a character counts as one.
  Waterfall(size_t width, bool colours);

  // Draws one trace of `traces`, which is finished. A trace whose spans are each other's parents is
  // drawn from the earliest on. Local time.
  void draw(Buffer& out, const Traces& traces, uint32_t trace);

 private:
  struct Row {
    uint32_t span = 0;   // first its place among the trace's, then its index
    std::string before;  // what stands in front of it: the branches
    std::string below;   // and in front of its lines
  };
  void put_head(Buffer& out, const Trace& trace);
  void make_rows(const Traces& traces, uint32_t trace);
  void add_tree(uint32_t root, bool last);
  void put_span(Buffer& out, const Traces& traces, const Row& row, const Trace& trace);
  void put_bar(Buffer& out, const TraceSpan& span, const Trace& trace);
  void put_line(Buffer& out, const Row& row, const TraceLine& line, const Trace& trace);
  // The text made harmless, in at most so many columns, which are counted.
  std::string_view fitted(std::string_view text, size_t columns, size_t& used);
  void colour(Buffer& out, std::string_view code) const;

  const size_t width_;
  const bool colours_;
  size_t names_;  // columns for branches and names
  std::vector<Row> rows_;
  // Of the trace at hand: by place in spans_of(), the children's places; and which are in rows_.
  std::vector<std::vector<uint32_t>> children_;
  std::vector<bool> placed_;
  Buffer text_;
};

// Columns of the terminal on standard output; of what is none, $COLUMNS, else 100.
size_t output_columns();

// "850 µs", "120 ms", "1.24 s", "3 min 12 s", "2 h 5 min".
std::string duration_text(int64_t nanoseconds);

}  // namespace waybill::outputs::console
