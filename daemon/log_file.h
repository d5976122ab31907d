// SPDX-License-Identifier: Apache-2.0
// LogFile: the bytes of a finished log, one after the other, for commands that read logs and end.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/result.h"
#include "inputs/fd.h"
#include "inputs/file/gzip_file.h"

namespace waybill::daemon {

// A file, gzip or not, a pipe, or standard input. One thread.
class LogFile {
 public:
  // `path`: "-" is standard input. Errors, each with what to do: not there, no permission, a
  // folder, compressed by something else than gzip.
  static Result<std::unique_ptr<LogFile>> open(const std::string& path);
  // The same Errors, without keeping it open: so that many files can be looked at before the first
  // is read. Its size on the disk; 0: not known.
  static Result<uint64_t> probe(const std::string& path);
  LogFile(LogFile&&) = delete;

  // The next bytes, decompressed: at most as many as there is room for; 0: the end. Errors: the
  // system's, damaged gzip data, a pipe that holds gzip data.
  Result<size_t> read(std::span<char> room);

  uint64_t size() const { return size_; }  // on the disk; 0: not known
  uint64_t used() const;                   // of that, read so far

 private:
  explicit LogFile(std::string name) : name_(std::move(name)) {}
  Result<void> look(int fd);

  std::string name_;  // for errors
  inputs::Fd own_;    // empty: standard input
  int fd_ = 0;
  uint64_t size_ = 0;
  uint64_t read_ = 0;
  std::unique_ptr<inputs::file::GzipFile> gzip_;
};

}  // namespace waybill::daemon
