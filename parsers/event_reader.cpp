// SPDX-License-Identifier: Apache-2.0
#include "parsers/event_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/buffer.h"
#include "core/canonical.h"
#include "core/json_text.h"
#include "parsers/errors/errors.h"
#include "parsers/multiline/frames.h"
#include "parsers/multiline/json_scan.h"
#include "parsers/multiline/look.h"
#include "parsers/multiline/rules.h"

namespace waybill::parsers {

namespace {

// How far back the record is looked for that a frame in a record of its own belongs to.
constexpr size_t kLookBack = 8;
// Objects of one line that become records; a line with more of them is text.
constexpr size_t kMostObjects = 64;
// Records that lines of a slice are split into at most, besides their first ones.
constexpr size_t kMostSplit = 4096;
constexpr std::string_view kJson = "json";

// What another record is given of a frame.
struct Added {
  size_t target;
  std::string_view message, line;
};

Record unparsed(const Record& record) {
  Record fresh;
  fresh.line = record.line;
  fresh.offset = record.offset;
  fresh.last_offset = record.last_offset;
  fresh.lines = record.lines;
  fresh.source = record.source;
  fresh.read_ns = fresh.time_ns = record.read_ns;
  fresh.marks.truncated_bytes = record.marks.truncated_bytes;
  return fresh;
}

// Whether the message is a line of a stack trace; most are told by their first byte.
bool is_frame(Text message, Arena& arena) {
  if (message.empty()) return false;
  constexpr std::string_view first = " \t\\CS.-n";
  if (first.find(message.data[0]) == std::string_view::npos) return false;
  std::string_view text = characters(message, arena);
  return multiline::is_frame(text.substr(0, text.find('\n')));
}

// Whether two records are of one event but for their messages and times.
bool same_event(const Batch& batch, const Record& a, const Record& b) {
  auto same = [](Text x, Text y) { return x.bytes() == y.bytes(); };
  if (a.level != b.level || !same(a.level_text, b.level_text) || !same(a.caller, b.caller) ||
      b.error != nullptr || a.source != b.source || a.stream != b.stream || a.format != b.format ||
      !same(a.logger, b.logger) || !same(a.thread, b.thread) ||
      !same(a.service_name, b.service_name)) {
    return false;
  }
  thread_local Buffer mine, other;
  mine.clear();
  other.clear();
  constexpr uint32_t parts = part::kIds | part::kContext;
  append_canonical(mine, batch, a, {}, parts);
  append_canonical(other, batch, b, {}, parts);
  return mine.view() == other.view();
}

// Texts with line ends between them, in one piece.
std::string_view joined(Arena& arena, std::span<const std::string_view> texts) {
  size_t size = texts.size() - 1;
  for (std::string_view text : texts) size += text.size();
  char* out = arena.allocate(size + kPadding);
  char* at = out;
  for (std::string_view text : texts) {
    if (at != out) *at++ = '\n';
    at = std::copy(text.begin(), text.end(), at);
  }
  std::memset(at, 0, kPadding);
  return {out, size};
}

}  // namespace

void EventReader::read(Batch& batch, bool more) {
  joiner_.join(batch, more);
  parse(batch);
}

bool EventReader::take_due(Batch& batch, SteadyTime now) {
  if (!joiner_.take_due(batch, now)) return false;
  parse(batch);
  return true;
}

void EventReader::read_event(Batch& batch) {
  parser_.forget();
  Record& record = batch.records.front();
  const std::string_view all = record.line;
  std::vector<std::string_view> lines;
  for (size_t at = 0; at <= all.size();) {
    size_t end = std::min(all.find('\n', at), all.size());
    lines.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  record.line = lines.front();
  Wrapping wrapping = parser_.unwrap(batch, record);
  if (wrapping.depth == 0) {
    bool objects = multiline::look_at(lines.front()) == multiline::Look::kWhole;
    if (lines.size() > 1 && objects && all.front() == '{') return read_objects(batch, lines);
    record.line = wrapping.inside = all;
  } else if (lines.size() > 1) {
    std::string inside(wrapping.inside);
    bool partial = parser_.envelopes(wrapping).back().partial;
    const bool pieces = partial;
    for (size_t i = 1; i < lines.size(); ++i) {
      Record next = record;
      next.line = batch.arena.copy(lines[i], kPadding);
      Wrapping own = parser_.unwrap(batch, next);
      if (!partial) inside += '\n';
      inside += own.inside;
      partial = own.depth > 0 && parser_.envelopes(own).back().partial;
    }
    wrapping.inside = batch.arena.copy(inside, kPadding);
    if (pieces) parser_.unwrap_inside(batch, record, wrapping);
    record.line = all;
  }
  parser_.parse(batch, record, wrapping);
  note_errors(batch);
}

// JSON lines that were one event: a message each, of which all but the first were frames.
void EventReader::read_objects(Batch& batch, std::span<const std::string_view> lines) {
  const Record first = batch.records.front();
  joiner_.begin_slice(batch);
  batch.records.clear();
  for (std::string_view line : lines) {
    Record& record = batch.records.emplace_back(first);
    record.line = line;
    joiner_.insert(batch.records.size() - 1, parser_.unwrap(batch, record));
    parser_.parse(batch, record, joiner_.wrapping(batch.records.size() - 1));
  }
  merge_frames(batch);
  note_errors(batch);
}

void EventReader::parse(Batch& batch) {
  bool frames = false;
  size_t most = batch.records.size() + kMostSplit;
  for (size_t i = 0; i < batch.records.size(); ++i) {
    parser_.parse(batch, batch.records[i], joiner_.wrapping(i));
    const Record& record = batch.records[i];
    std::string_view inside = joiner_.wrapping(i).inside;
    bool object = !inside.empty() && inside[0] == '{';
    if (object && record.format != kJson && record.lines == 1 && batch.records.size() < most) {
      size_t before = batch.records.size();
      split(batch, i);
      i += batch.records.size() - before;  // these are parsed
    }
    frames = frames || (settings_.automatic && is_frame(batch.records[i].message, batch.arena));
  }
  if (frames) merge_frames(batch);
  note_errors(batch);
}

void EventReader::note_errors(Batch& batch) {
  for (Record& record : batch.records) {
    if (errors::may_hold_error(record)) errors::note_error(batch, record);
  }
}

// Several JSON objects on one line, and nothing else, are a record each.
void EventReader::split(Batch& batch, size_t index) {
  Wrapping wrapping = joiner_.wrapping(index);
  const std::string_view whole = wrapping.inside;
  if (multiline::end_of_first_object(whole) == std::string_view::npos) return;
  const Record fresh = unparsed(batch.records[index]);
  std::vector<std::pair<Record, Wrapping>> pieces;
  for (size_t from = 0; from < whole.size();) {
    size_t size = multiline::end_of_first_object(whole.substr(from));
    size_t end = size == std::string_view::npos ? whole.size() : from + size;
    Record record = fresh;
    wrapping.inside = whole.substr(from, end - from);
    // Within an envelope places are no offsets: a number that no other line has will do.
    if (wrapping.depth == 0) record.line = wrapping.inside;
    record.offset += wrapping.depth == 0 ? from : pieces.size();
    parser_.parse(batch, record, wrapping);
    if (record.format != kJson || pieces.size() == kMostObjects) return;
    pieces.emplace_back(record, wrapping);
    from = std::min(whole.find_first_not_of(" \t,", end), whole.size());
  }
  auto at = batch.records.begin() + static_cast<ptrdiff_t>(index);
  *at = pieces.front().first;
  joiner_.replace(index, pieces.front().second);
  std::vector<Record> others;
  for (size_t i = 1; i < pieces.size(); ++i) {
    others.push_back(pieces[i].first);
    joiner_.insert(index + i, pieces[i].second);
  }
  batch.records.insert(at + 1, others.begin(), others.end());
}

// Frames that came as records of their own, of a program that logs every line of a trace as a
// message, go to the record before them.
void EventReader::merge_frames(Batch& batch) {
  std::vector<Record>& records = batch.records;
  size_t out = 0;
  std::vector<Added> added;
  for (size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    size_t target = target_of(batch, out, record);
    if (target < out) {
      Record& before = records[target];
      added.push_back({target, characters(record.message, batch.arena), record.line});
      before.lines += 1;
      before.last_offset = record.offset;
      before.marks.repaired |= record.marks.repaired;
      before.marks.duplicate_keys += record.marks.duplicate_keys;
      before.marks.truncated_bytes += record.marks.truncated_bytes;
      Wrapping wrapping = joiner_.wrapping(target);
      wrapping.joined_by = "stack frames that are messages of their own";
      joiner_.replace(target, wrapping);
      continue;
    }
    if (out != i) {
      records[out] = record;
      joiner_.replace(out, joiner_.wrapping(i));
    }
    ++out;
  }
  records.resize(out);
  std::stable_sort(added.begin(), added.end(),
                   [](const Added& a, const Added& b) { return a.target < b.target; });
  std::vector<std::string_view> messages, lines;
  for (auto from = added.begin(); from != added.end();) {
    auto to = std::find_if(from, added.end(),
                           [&](const Added& one) { return one.target != from->target; });
    Record& record = records[from->target];
    messages.assign(1, characters(record.message, batch.arena));
    lines.assign(1, record.line);
    for (; from != to; ++from) {
      messages.push_back(from->message);
      lines.push_back(from->line);
    }
    record.message = raw_text(joined(batch.arena, messages));
    record.line = joined(batch.arena, lines);
  }
}

// Which of the first `count` records `frame` belongs to; `count`: to none.
size_t EventReader::target_of(Batch& batch, size_t count, const Record& frame) {
  if (frame.passed != nullptr || frame.lines != 1) return count;
  if (!is_frame(frame.message, batch.arena)) return count;
  // A line that a rule begins with begins a record.
  const multiline::Rules* rules = settings_.rules.get();
  if (rules != nullptr && rules->begins(frame.line) != multiline::Rules::kNone) return count;
  for (size_t back = 1; back <= std::min(count, kLookBack); ++back) {
    const Record& other = batch.records[count - back];
    if (other.passed != nullptr || !same_event(batch, other, frame)) continue;
    return other.lines < settings_.max_lines ? count - back : count;
  }
  return count;
}

}  // namespace waybill::parsers
