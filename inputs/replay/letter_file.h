// SPDX-License-Identifier: Apache-2.0
// LetterFile: the lines of one file of dead letters, as it was when it was opened.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"
#include "inputs/fd.h"

namespace waybill::inputs::replay {

// One thread. Holds one line and a fixed buffer, however long the lines of the file are.
class LetterFile {
 public:
  // An Error says that there is no such regular file, or that it cannot be read. Pipes and devices
  // are refused without waiting for anybody: what they give cannot be read again when not all of it
  // was delivered. `longest`: bytes of a line; longer ones are passed over.
  static Result<std::unique_ptr<LetterFile>> open(std::string path, size_t longest);
  LetterFile(LetterFile&&) = delete;

  enum class Step : uint8_t {
    kMore,     // nothing yet: go on
    kLine,     // line() is one
    kTooLong,  // there was one, of which nothing is kept
    kFailed,   // problem() says why it cannot be read any further
    kEnd,      // of what was there when it was opened; the last line is read to its end
  };
  // Reads from the disk once at most, kBufferBytes. Not to be called after kFailed or kEnd.
  Step step();

  const std::string& path() const { return path_; }
  // Of the step before: without its line end. May be altered.
  std::string& line() { return line_; }
  uint64_t number() const { return number_; }  // of that line; the first is 1
  uint64_t offset() const { return offset_; }  // of its first byte
  const std::string& problem() const { return problem_; }

 private:
  static constexpr size_t kBufferBytes = size_t{128} * 1024;

  LetterFile(std::string path, Fd fd, uint64_t size, size_t longest);
  Step refill();
  void take(const char* bytes, size_t size);
  Step finish_line();

  const std::string path_;
  const Fd fd_;
  const uint64_t size_;  // when it was opened: what is refused again may be appended
  const size_t longest_;
  const std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0, end_ = 0;  // within buffer_: what was read and not yet taken
  uint64_t taken_ = 0;          // bytes of the file, line ends included
  uint64_t number_ = 0;
  uint64_t offset_ = 0;
  bool within_line_ = false;
  bool too_long_ = false;  // the line that is being taken
  std::string line_;
  std::string problem_;
};

}  // namespace waybill::inputs::replay
