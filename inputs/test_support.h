// SPDX-License-Identifier: Apache-2.0
// What the unit tests of all inputs share: a pipeline and a checkpoint store in memory.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/batch.h"
#include "inputs/input.h"

namespace waybill::inputs::testing {

struct Line {
  std::string text;
  uint64_t offset = 0;
  uint64_t truncated = 0;
  std::shared_ptr<const Source> source;
};

// Cuts batches into lines as the pipeline does, the plain way.
inline void lines_of(const Batch& batch, std::vector<Line>& out) {
  for (const Chunk& chunk : batch.chunks) {
    std::string bytes(batch.bytes() + chunk.begin, chunk.size);
    uint64_t offset = chunk.offset;
    if (chunk.message) {
      out.push_back({bytes, offset, chunk.truncated_bytes + chunk.missing_bytes,
                     batch.sources.at(chunk.source)});
      continue;
    }
    size_t at = 0;
    while (at < bytes.size()) {
      size_t end = bytes.find('\n', at);
      size_t next = end == std::string::npos ? bytes.size() : end + 1;
      if (end == std::string::npos) end = bytes.size();
      out.push_back({bytes.substr(at, end - at), offset + at, chunk.truncated_bytes,
                     batch.sources.at(chunk.source)});
      at = next;
    }
  }
}

class FakeIntake : public Intake {
 public:
  bool refuse = false;        // take() gives null
  bool hold_tickets = false;  // tickets are kept for the test to settle, in `tickets`
  std::vector<Line> lines;
  std::vector<TicketRef> tickets;
  size_t batches = 0;  // submitted with at least one chunk
  size_t refused = 0;
  std::function<void()> on_submit;

  std::unique_ptr<Batch> take(size_t capacity) override {
    if (refuse) {
      ++refused;
      return nullptr;
    }
    return pool_.take(capacity);
  }
  void submit(std::unique_ptr<Batch> batch) override {
    if (!batch->chunks.empty()) {
      ++batches;
      if (on_submit) on_submit();
      lines_of(*batch, lines);
      if (hold_tickets && batch->ticket) tickets.push_back(batch->ticket);
    }
    batch->ticket.reset();
    pool_.give(std::move(batch));
  }
  ByteBudget& budget() override { return budget_; }
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const Line& line : lines) out.push_back(line.text);
    return out;
  }

 private:
  ByteBudget budget_{64 << 20};
  BatchPool pool_{budget_};
};

class FakeCheckpoints : public CheckpointStore {
 public:
  std::map<std::string, std::vector<FileCheckpoint>, std::less<>> saved, durable;
  size_t flushes = 0;

  std::vector<FileCheckpoint> load(std::string_view input) const override {
    auto found = saved.find(input);
    return found == saved.end() ? std::vector<FileCheckpoint>() : found->second;
  }
  bool known(std::string_view input) const override { return saved.contains(input); }
  void save(std::string_view input, std::vector<FileCheckpoint> files) override {
    saved[std::string(input)] = std::move(files);
  }
  Result<void> flush() override {
    durable = saved;
    ++flushes;
    return {};
  }
};

// Runs the loop until `done` or the limit; whether it was done.
inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& done,
                      std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return false;
    io.restart();
    const std::chrono::nanoseconds left = deadline - now;
    io.run_one_for(std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(20)));
  }
  return true;
}

// A folder of its own, removed at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "waybill-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TempFolder(TempFolder&&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// All that an Input is given, in one place.
struct Bench {
  boost::asio::io_context io;
  FakeIntake intake;
  InputLedger ledger{"test"};
  FakeCheckpoints checkpoints;
  bool ended = false;

  Context context(bool once = false, size_t max_line = 1 << 20) {
    return Context{io, intake, ledger, checkpoints, max_line, once};
  }
  std::function<void()> on_end() {
    return [this] { ended = true; };
  }
  bool until(const std::function<bool()>& done) { return run_until(io, done); }
  bool until_lines(size_t count) {
    return until([&] { return intake.lines.size() >= count; });
  }
};

}  // namespace waybill::inputs::testing
