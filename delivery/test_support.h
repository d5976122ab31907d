// SPDX-License-Identifier: Apache-2.0
// For unit tests of delivery/ and outputs/ alone.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>

#include "core/clock.h"
#include "core/log.h"

namespace waybill::delivery::test {

// A folder that goes with its test.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "waybill-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TempFolder(TempFolder&&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string read_file(const std::string& path) {
  std::ostringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  return all.str();
}

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// Takes our own messages in, so that tests can look at them and stay quiet. Lives longer than every
// thread that may log.
class LogCapture {
 public:
  LogCapture() : before_(spdlog::default_logger()), sink_(std::make_shared<Sink>()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("", sink_));
  }
  LogCapture(LogCapture&&) = delete;
  ~LogCapture() { spdlog::set_default_logger(before_); }

  // "[warning] text\n…" so far.
  std::string text() const { return sink_->text(); }
  bool has(std::string_view words) const { return text().find(words) != std::string::npos; }
  size_t count(std::string_view words) const {
    size_t found = 0;
    std::string all = text();
    for (size_t at = 0; (at = all.find(words, at)) != std::string::npos; ++at) ++found;
    return found;
  }

 private:
  class Sink final : public spdlog::sinks::base_sink<std::mutex> {
   public:
    std::string text() {
      std::lock_guard lock(mutex_);
      return text_;
    }

   private:
    void sink_it_(const spdlog::details::log_msg& message) override {
      auto level = spdlog::level::to_string_view(message.level);
      text_.append("[").append(level.data(), level.size()).append("] ");
      text_.append(message.payload.data(), message.payload.size()).append("\n");
    }
    void flush_() override {}
    std::string text_;
  };
  std::shared_ptr<spdlog::logger> before_;
  std::shared_ptr<Sink> sink_;
};

// Asks until it holds, for 20 s at most. Whether it did.
template <typename Condition>
bool eventually(Condition condition) {
  SteadyTime limit = steady_now() + std::chrono::seconds(20);
  while (!condition()) {
    if (steady_now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace waybill::delivery::test
