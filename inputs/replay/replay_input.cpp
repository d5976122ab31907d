// SPDX-License-Identifier: Apache-2.0
#include "inputs/replay/replay_input.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

namespace waybill::inputs::replay {

namespace {

// So many at a time, between other callbacks of the loop.
constexpr int kLettersPerStep = 256;

}  // namespace

Result<void> ReplayInput::start(const Context& context, std::function<void()> on_end) {
  context_ = std::make_unique<const Context>(context);
  on_end_ = std::move(on_end);
  for (const std::string& path : settings_.files) {
    if (Result<void> opened = open(path); !opened) return opened;
  }
  post_step();
  return {};
}

Result<void> ReplayInput::open(const std::string& path) {
  File file{path, std::ifstream(path, std::ios::binary | std::ios::ate)};
  std::streamoff size = file.stream ? std::streamoff(file.stream.tellg()) : -1;
  file.stream.seekg(0);
  if (size < 0 || !file.stream) return errno_error("cannot read " + path, errno);
  file.size = static_cast<uint64_t>(size);
  files_.push_back(std::move(file));
  return {};
}

void ReplayInput::post_step() {
  boost::asio::post(context_->io, lifeline_.guard([this] { step(); }));
}

void ReplayInput::on_room() {
  if (std::exchange(waiting_, false)) post_step();
}

void ReplayInput::step() {
  for (int i = 0; i < kLettersPerStep; ++i) {
    if (letter_.record.empty() && !next_letter()) return end();
    if (letter_.record.empty()) continue;
    if (!submit_letter()) {
      waiting_ = true;
      return;
    }
  }
  post_step();
}

// Reads one more line; false at the end of the last file. What is no letter is said and passed
// over.
bool ReplayInput::next_letter() {
  while (!files_.empty() && files_.front().read >= files_.front().size) files_.pop_front();
  if (files_.empty()) return false;
  File& file = files_.front();
  if (!std::getline(file.stream, line_)) {
    ++file.number;
    refuse("it cannot be read any further");
    files_.pop_front();
    return true;
  }
  file.read += line_.size() + 1;
  ++file.number;
  if (line_.find_first_not_of(" \t\r") == std::string::npos) return true;
  Result<Letter> letter = reader_.read(line_);
  if (!letter) {
    refuse(letter.error().what);
    return true;
  }
  const std::vector<std::string>& known = settings_.outputs;
  if (!known.empty() && std::find(known.begin(), known.end(), letter->output) == known.end()) {
    refuse(fmt::format("it is for output '{}', and there are: {} (--to sends it elsewhere)",
                       letter->output, fmt::join(known, ", ")));
    return true;
  }
  letter_ = *letter;
  return true;
}

void ReplayInput::refuse(const std::string& why) {
  ++report_->unusable;
  spdlog::error("{}:{}: {}", files_.front().path, files_.front().number, why);
}

// A batch of its own for each: letters are few, and neighbours may be for different outputs.
bool ReplayInput::submit_letter() {
  size_t size = letter_.record.size();
  std::unique_ptr<Batch> batch = context_->intake.take(size);
  if (!batch) return false;
  batch->sources.push_back(source_for(letter_.output));
  std::memcpy(batch->room().data(), letter_.record.data(), size);
  batch->commit(size);
  batch->chunks.push_back({0, 0, static_cast<uint32_t>(size), files_.front().read, 0});
  batch->read_ns = wall_now();
  batch->read_at = steady_now();
  context_->intake.submit(std::move(batch));
  letter_ = {};
  ++report_->letters;
  return true;
}

const std::shared_ptr<const Source>& ReplayInput::source_for(std::string_view output) {
  auto found = sources_.find(output);
  if (found != sources_.end()) return found->second;
  auto source = std::make_shared<Source>();
  source->number = next_source_number();
  source->input = name;
  source->format = "json";
  source->nonce = random_id();
  if (!settings_.outputs.empty()) source->only_output = output;
  return sources_.emplace(output, std::move(source)).first->second;
}

// What was not reached is in its file still.
void ReplayInput::drain() {
  if (!context_) return;
  report_->cut_short = !files_.empty() || !letter_.record.empty();
  files_.clear();
  letter_ = {};
  on_room();
}

void ReplayInput::end() {
  lifeline_.cut();
  on_end_();
}

void ReplayInput::stop() {
  lifeline_.cut();
  files_.clear();
}

}  // namespace waybill::inputs::replay
