// SPDX-License-Identifier: Apache-2.0
// Pretty: a record as a person likes to read it, in one line; stacks and further lines below it.
//
//   12:34:56.789 ERROR checkout  payment failed  PaymentError: card declined  n=17  trace=4bf92f35
//       at charge (pay.js:10)
#pragma once

#include <string_view>

#include "outputs/writer/sink.h"

namespace waybill::outputs::console {

// Local time; the date, too, when it is not the day on which the line was read. Everything that
// comes from the line is made harmless (outputs/printable.h).
class Pretty final : public writer::Encoder {
 public:
  explicit Pretty(bool colours) : colours_(colours) {}
  void append(Buffer& out, const Batch& batch, const Record& record,
              const Identity& identity) override;

 private:
  // Broken-down local time of one second: localtime_r is slow, and neighbours share it.
  struct LocalSecond {
    int64_t second = INT64_MIN;
    char date[16] = {};
    char time[16] = {};
  };
  static void fill(LocalSecond& local, int64_t second);

  void put_time(Buffer& out, const Record& record);
  void put_level(Buffer& out, Level level);
  void put_service(Buffer& out, const Record& record, const Identity& identity);
  bool message_holds_trace(const Record& record);
  void put_error(Buffer& out, const Record& record);
  void put_fields(Buffer& out, const Batch& batch, const Record& record);
  void put_ids(Buffer& out, const Record& record);
  void put_key(Buffer& out, std::string_view key);
  void put_pair(Buffer& out, std::string_view key, Text value);
  void put_value(Buffer& out, std::string_view characters);
  void put_lines(Buffer& out, std::string_view text);
  void colour(Buffer& out, std::string_view code) const;
  std::string_view characters(Text text, Buffer& scratch) const;

  const bool colours_;
  size_t service_width_ = 0;  // of the longest one seen, so that messages stand in a column
  LocalSecond event_, read_;
  Buffer text_, value_;  // scratch
};

}  // namespace waybill::outputs::console
