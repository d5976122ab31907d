// SPDX-License-Identifier: Apache-2.0
// FileLines: what a line of the file is, and which file of several it goes to.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "outputs/pattern.h"
#include "outputs/writer/sink.h"

namespace waybill::outputs::file {

enum class Line : uint8_t { kRecord, kMessage, kOriginal };

class FileLines final : public writer::Encoder {
 public:
  FileLines(Line line, Pattern path) : line_(line), path_(std::move(path)) {}

  // The path of its file, where it depends on the record; else "".
  std::string_view place(const Batch& batch, const Record& record,
                         const Identity& identity) override;
  void append(Buffer& out, const Batch& batch, const Record& record,
              const Identity& identity) override;

 private:
  const Line line_;
  Pattern path_;
};

constexpr size_t kMostOfValue = 60;  // bytes

// What comes from a line as a part of a path: letters, digits and - _ . alone, no . in front, so
// that it is one name and leads nowhere else; at most kMostOfValue bytes.
void clean_for_path(std::string& value);

}  // namespace waybill::outputs::file
