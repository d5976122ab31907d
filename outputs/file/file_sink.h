// SPDX-License-Identifier: Apache-2.0
// FileSink: a file that others may rename, remove or truncate while we append to it.
#pragma once

#include <string>

#include "delivery/state_dir.h"
#include "outputs/writer/sink.h"

namespace waybill::outputs::file {

class FileSink final : public writer::Sink {
 public:
  explicit FileSink(std::string path) : path_(std::move(path)) {}
  Result<void> open() override;
  // Opens it again when the path names another file, or none.
  Result<void> refresh(bool& changed) override;
  int fd() const override { return file_.get(); }

 private:
  std::string path_;
  delivery::Fd file_;
};

}  // namespace waybill::outputs::file
