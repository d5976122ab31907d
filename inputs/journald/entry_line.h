// SPDX-License-Identifier: Apache-2.0
// EntryLine: a journal entry as one line of JSON, for the json parser (docs/formats.md, "journald";
// the fields are those of systemd.journal-fields(7)).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/buffer.h"

namespace waybill::inputs::journald {

// begin(), field() for each, finish(); then again for the next entry. Keeps its memory.
class EntryLine {
 public:
  void begin();
  // "NAME=value", any bytes behind the name. What has no name is left out.
  void field(std::string_view data);
  // The line, with its end, valid until begin(). `realtime_us`: when the journal took the entry, in
  // µs since the epoch.
  std::string_view finish(uint64_t realtime_us);

 private:
  // Fields that become a key of the record.
  enum Known : size_t {
    kMessage,
    kPriority,
    kIdentifier,
    kUnit,
    kSourceTime,
    kFile,
    kLine,
    kCount
  };
  static constexpr std::array<std::string_view, kCount> kKnownNames = {
      "MESSAGE",   "PRIORITY", "SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "_SOURCE_REALTIME_TIMESTAMP",
      "CODE_FILE", "CODE_LINE"};

  void add(Buffer& members, std::string_view name, std::string_view value);
  void member(std::string_view key, std::string_view value);
  void timestamp(uint64_t realtime_us);
  void level();
  void service();
  void caller();

  std::array<std::string, kCount> known_;
  std::array<bool, kCount> has_{};
  std::vector<std::string> names_;  // of the others, to tell those that come twice
  Buffer own_;                      // members that the program has sent
  Buffer trusted_;                  // members that journald has added
  Buffer line_;
};

}  // namespace waybill::inputs::journald
