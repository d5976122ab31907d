// SPDX-License-Identifier: Apache-2.0
#include "inputs/replay/replay_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>

#include "config/options.h"
#include "core/log.h"
#include "core/utf8.h"

namespace waybill::inputs::replay {

namespace {

// So many at a time, between other callbacks of the loop: letters, or pieces of longer ones.
constexpr int kStepsPerTurn = 256;

// How long a letter may be for each byte of its line. It holds the line twice or three times (as
// `original`, as the record's message, and what is in that as fields), and JSON writes a byte in up
// to six (\u0000). Twice that for the names of fields.
constexpr size_t kBytesPerLineByte = 2 * 3 * 6;
// And for what does not depend on the line: the service's own attributes, the backend's words.
constexpr size_t kBytesBesides = size_t{1} << 20;

// Of the name of an output that there is not.
constexpr size_t kNameBytes = 100;

size_t longest_letter(size_t max_line) { return kBytesPerLineByte * max_line + kBytesBesides; }

}  // namespace

Result<void> ReplayInput::start(const Context& context, std::function<void()> on_end) {
  context_ = std::make_unique<const Context>(context);
  on_end_ = std::move(on_end);
  for (const std::string& path : settings_.files) {
    auto opened = LetterFile::open(path, longest_letter(context.max_line));
    if (!opened) return std::move(opened).error();
    files_.push_back(*std::move(opened));
  }
  post_step();
  return {};
}

void ReplayInput::post_step() {
  boost::asio::post(context_->io, lifeline_.guard([this] { step(); }));
}

void ReplayInput::on_room() {
  if (std::exchange(waiting_, false)) post_step();
}

void ReplayInput::step() {
  if (auto due = throttle_.due(); due && *due <= steady_now()) {
    say_refused(throttle_.add(steady_now(), 0));
  }
  for (int i = 0; i < kStepsPerTurn; ++i) {
    if (letter_.record.empty() && !next_letter()) return end();
    if (letter_.record.empty()) continue;
    if (!submit_letter()) {
      waiting_ = true;
      return;
    }
  }
  post_step();
}

// Reads on; false at the end of the last file. What is no letter is said and passed over.
bool ReplayInput::next_letter() {
  if (files_.empty()) return false;
  LetterFile& file = *files_.front();
  switch (file.step()) {
    case LetterFile::Step::kMore: break;
    case LetterFile::Step::kLine: read_letter(); break;
    case LetterFile::Step::kTooLong:
      refuse(fmt::format("longer than any letter can be ({}; parse.max_line is {})",
                         config::bytes_text(int64_t(longest_letter(context_->max_line))),
                         config::bytes_text(int64_t(context_->max_line))));
      break;
    case LetterFile::Step::kFailed: refuse(file.problem()); [[fallthrough]];
    case LetterFile::Step::kEnd: files_.pop_front();
  }
  return true;
}

void ReplayInput::read_letter() {
  std::string& line = files_.front()->line();
  if (line.find_first_not_of(" \t\r") == std::string::npos) return;
  Result<Letter> letter = reader_.read(line);
  if (!letter) return refuse(std::move(letter.error().what));
  const std::vector<std::string>& known = settings_.outputs;
  bool for_all = known.empty() || letter->output.empty();
  if (!for_all && std::find(known.begin(), known.end(), letter->output) == known.end()) {
    std::string_view named = letter->output;
    named = whole_characters(named, kNameBytes);
    return refuse(
        fmt::format("it is for output '{}'{}, and there are: {} (--to sends it elsewhere)", named,
                    named.size() < letter->output.size() ? "…" : "", fmt::join(known, ", ")));
  }
  letter_ = *letter;
}

void ReplayInput::refuse(std::string why) {
  ++report_->unusable;
  const LetterFile& file = *files_.front();
  refused_ = fmt::format("{}:{}: {}", file.path(), file.number(), std::move(why));
  say_refused(throttle_.add(steady_now(), 1));
}

void ReplayInput::say_refused(uint64_t lines) {
  if (lines == 0) return;
  std::string others =
      lines == 1 ? "" : fmt::format("; {} other{} before it", lines - 1, lines == 2 ? "" : "s");
  spdlog::error("{}{}", refused_, others);
}

// A batch of its own for each: letters are few, and neighbours may be for different outputs.
bool ReplayInput::submit_letter() {
  size_t size = letter_.record.size();
  std::unique_ptr<Batch> batch = context_->intake.take(size);
  if (!batch) return false;
  batch->sources.push_back(source_for(letter_.output));
  std::memcpy(batch->room().data(), letter_.record.data(), size);
  batch->commit(size);
  batch->chunks.push_back({0, 0, static_cast<uint32_t>(size), files_.front()->offset(), 0});
  batch->read_ns = wall_now();
  batch->read_at = steady_now();
  context_->intake.submit(std::move(batch));
  letter_ = {};
  ++report_->letters;
  return true;
}

const std::shared_ptr<const Source>& ReplayInput::source_for(std::string_view output) {
  if (settings_.outputs.empty()) output = {};  // one for all
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
  give_up();
  on_room();
}

void ReplayInput::give_up() {
  report_->cut_short |= !files_.empty() || !letter_.record.empty();
  letter_ = {};
  files_.clear();
  say_refused(throttle_.rest());
}

void ReplayInput::end() {
  say_refused(throttle_.rest());
  lifeline_.cut();
  on_end_();
}

void ReplayInput::stop() {
  lifeline_.cut();
  give_up();
}

}  // namespace waybill::inputs::replay
