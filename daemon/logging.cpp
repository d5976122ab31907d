// SPDX-License-Identifier: Apache-2.0
#include "daemon/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "core/log.h"

namespace waybill::daemon {

namespace {

// "warning: " and "error: " before what deserves it; nothing before information.
class LevelWord final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    std::string_view word = message.level == spdlog::level::warn  ? "warning: "
                            : message.level >= spdlog::level::err ? "error: "
                                                                  : "";
    out.append(word.data(), word.data() + word.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return spdlog::details::make_unique<LevelWord>();
  }
};

// The syslog priority that journald reads from a line's front (sd-daemon(3)).
class Priority final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    std::string_view prefix = message.level >= spdlog::level::err    ? "<3>"
                              : message.level == spdlog::level::warn ? "<4>"
                                                                     : "<6>";
    out.append(prefix.data(), prefix.data() + prefix.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return spdlog::details::make_unique<Priority>();
  }
};

// Whether our standard error is the journal's, and not just inherited the variable of a unit that
// redirected it since (systemd.exec(5), $JOURNAL_STREAM: "device:inode").
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

}  // namespace

void set_up_logging(bool verbose) {
  auto logger = std::make_shared<spdlog::logger>("waybill",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<LevelWord>('*');
  formatter->add_flag<Priority>('&');
  formatter->set_pattern(stderr_is_journal()     ? "%&waybill: %*%v"
                         : isatty(STDERR_FILENO) ? "waybill: %*%v"
                                                 : "%Y-%m-%dT%H:%M:%S.%e%z waybill: %*%v");
  logger->set_formatter(std::move(formatter));
  logger->set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace waybill::daemon
