// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/joiner.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "parsers/multiline/crash.h"
#include "parsers/multiline/frames.h"
#include "parsers/multiline/stream.h"

namespace waybill::parsers::multiline {

namespace {

// Streams that are remembered while nothing of them is held back.
constexpr size_t kMostStreams = 4096;
constexpr size_t kMostMessage = 16;    // lines of an exception's message, above its frames
constexpr size_t kMostLookedAt = 128;  // records, whoever's they are, for them
constexpr size_t kNoFrames = SIZE_MAX;
constexpr size_t kMostEmpty = 16;    // lines in a row that stay in an event
constexpr size_t kKeptBytes = 4096;  // of a stream's copies, for the next event

uint64_t mixed(uint64_t seed, std::string_view text) {
  return (seed ^ std::hash<std::string_view>()(text)) * 0x9e3779b97f4a7c15u;
}

}  // namespace

uint64_t Joiner::metadata_of(std::span<const Envelope> envelopes) {
  uint64_t all = 0;
  for (const Envelope& envelope : envelopes) {
    all = mixed(all, envelope.format) + (envelope.severity ? envelope.severity->number : 0);
    for (const Field& field : envelope.fields) {
      all = mixed(mixed(all, field.key.bytes()), field.value.bytes());
    }
  }
  return all;
}

Joiner::Joiner(Settings settings, LineParser& parser, ByteBudget& budget)
    : settings_(std::move(settings)), parser_(parser), charge_(budget) {}

Joiner::~Joiner() = default;

void Joiner::begin_slice(const Batch& batch) {
  parser_.forget();
  wrappings_.clear();
  front_.clear();
  front_wrappings_.clear();
  open_.clear();
  touched_.clear();
  plain_.assign(batch.sources.size(), nullptr);
}

Joiner::Stream& Joiner::stream_of(const Batch& batch, const Record& record,
                                  const Wrapping& wrapping) {
  uint64_t key = batch.source_of(record).number * 0x9e3779b97f4a7c15u;
  if (wrapping.depth == 0) {
    Stream*& known = plain_[record.source];
    if (known == nullptr) {
      auto& made = streams_[key];
      if (!made) made = std::make_unique<Stream>();
      if (!batch.source_of(record).path.empty()) made->custom = &kOfFiles;
      known = made.get();
    }
    return *known;
  }
  const Envelope& outer = parser_.envelopes(wrapping).front();
  key = mixed(mixed(mixed(mixed(key, outer.stream), outer.host), outer.program), outer.process);
  auto& made = streams_[key];
  if (!made) made = std::make_unique<Stream>();
  return *made;
}

void Joiner::join(Batch& batch, bool more) {
  uint32_t out = 0;
  for (size_t i = 0; i < batch.records.size(); ++i) {
    Record& record = batch.records[i];
    Wrapping wrapping = parser_.unwrap(batch, record);
    Stream& stream = stream_of(batch, record, wrapping);
    Look look = look_at(wrapping.inside);
    bool partial = wrapping.depth > 0 && parser_.envelopes(wrapping).back().partial;
    if (stream.discards && discards(stream, wrapping, partial)) continue;
    bool whole = !partial && !((stream.open || stream.held) && stream.event.partial);
    if (look == Look::kBlank && whole && is_empty(wrapping)) {
      note_empty(stream, record);
      continue;
    }
    if (stream.open || stream.held) {
      if (append(stream, batch, record, wrapping, look, partial)) continue;
      if (stream.open) close(stream, batch);
      if (stream.held) close_held(stream, batch, record.source);
    }
    if (out != i) batch.records[out] = record;
    wrappings_.push_back(wrapping);
    begin(stream, batch, wrapping, out, look, partial);
    stream.last_object = look == Look::kWhole && wrapping.inside[0] == '{' ? out : Event::kNoLine;
    if (stream.last_object != Event::kNoLine && !std::exchange(stream.listed, true)) {
      open_.push_back(&stream);
    }
    ++out;
  }
  batch.records.resize(out);
  removed_.clear();
  for (Stream* stream : open_) {
    if (!stream->open) continue;
    if (waits(*stream, more)) {
      hold(*stream, batch);
    } else {
      close(*stream, batch);
    }
  }
  for (Stream* stream : open_) {
    if (!std::exchange(stream->listed, false)) continue;
    if (!stream->open && !stream->held) hold_objects(*stream, batch);
    stream->last_object = Event::kNoLine;
  }
  for (auto [stream, source] : touched_) {
    if (!std::exchange(stream->touched, false) || !stream->held) continue;
    if (waits(*stream, more)) {
      touch(stream->event, batch);
    } else {
      close_held(*stream, batch, source);
    }
  }
  remove_held(batch);
  batch.records.insert(batch.records.begin(), front_.begin(), front_.end());
  wrappings_.insert(wrappings_.begin(), front_wrappings_.begin(), front_wrappings_.end());
  recharge();
  if (!more) forget_idle_streams();
}

// The rest of a line that has become too long, up to its end.
bool Joiner::discards(Stream& stream, const Wrapping& wrapping, bool partial) {
  stream.discards = partial;
  ++discarded_.pieces;
  discarded_.bytes += wrapping.inside.size();
  return true;
}

// Whether nothing is inside of a container's envelope: such a line is as empty as one without.
bool Joiner::is_empty(const Wrapping& wrapping) const {
  if (wrapping.depth == 0) return false;
  std::string_view format = parser_.envelopes(wrapping).back().format;
  return format == "cri" || format == "docker";
}

void Joiner::note_empty(Stream& stream, const Record& record) {
  ++discarded_.empty;
  Event& event = stream.event;
  if (!(stream.open || stream.held) || !event.objects.empty()) return;
  if (event.empty_lines == kMostEmpty) return;
  event.empty.append(1, '\n').append(record.line);
  ++event.empty_lines;
}

// Whether the line belongs to the open event; then it is in it.
bool Joiner::append(Stream& stream, Batch& batch, const Record& record, const Wrapping& wrapping,
                    Look look, bool partial) {
  Event& event = stream.event;
  if (!event.objects.empty()) return append_object(stream, record, wrapping, look);
  bool piece = event.partial;
  if (!piece) {
    if (!settings_.joins()) return false;
    bool full = event.lines >= settings_.max_lines ||
                event.size() + wrapping.inside.size() > settings_.max_bytes;
    // What an envelope says besides would be lost.
    if (wrapping.depth > 0 && metadata_of(parser_.envelopes(wrapping)) != event.metadata) {
      return false;
    }
    if (!goes_on(stream, batch, record, wrapping, look)) return false;
    if (full) {
      stream.rule_goes_on = event.rule;
      return false;
    }
    stream.ever_joined = true;
  }
  add_line(event, batch, record, wrapping, partial);
  if (piece) {
    bool cut = add_piece(event, wrapping.inside);
    if (event.joined_by.empty()) event.joined_by = "pieces of a line that a runtime had split";
    stream.discards = partial && cut;
    if (stream.discards) event.partial = false;
    // What the line is shows when it is whole.
    if (!event.partial) {
      event.trace.begin(event.inside_copy, look_at(event.inside_copy));
      event.trace.settle();
      event.rule = rule_of(event.inside_copy);
    }
  }
  if (stream.held && !std::exchange(stream.touched, true)) {
    touched_.emplace_back(&stream, record.source);
  }
  return true;
}

bool Joiner::goes_on(Stream& stream, Batch& batch, const Record& record, const Wrapping& wrapping,
                     Look look) {
  Event& event = stream.event;
  std::string_view line = wrapping.inside;
  if (const Rules* rules = settings_.rules.get()) {
    if (rules->begins(line) != Rules::kNone) return false;
    if (rules->continues(event.rule, line)) {
      event.joined_by = rules->name(event.rule);
      return true;
    }
    if (event.rule != Rules::kNone || !settings_.automatic) return false;
  }
  if (!event.json) {
    if (!event.trace.continues(line, look)) {
      stream.crash = crashes(stream, batch, record, wrapping, look);
      if (stream.crash) return false;
      if (stream.joins_plain() && event.trace.joins_any(look)) {
        // A form that is known may have its time anywhere in the line.
        bool known = look == Look::kPlain && may_have_time(line);
        if (known && parser_.claims(batch, record, wrapping)) return false;
      } else {
        bool text = look == Look::kPlain || look == Look::kIndented;
        size_t ahead =
            text && event.trace.may_have_message() ? lines_to_frames(stream, batch, record, 0) : 0;
        if (ahead == 0 || ahead == kNoFrames) return false;
        event.trace.take_message(ahead - 1);
      }
    }
    event.last_look = look;
    event.joined_by = {};
    return true;
  }
  // Below an object that was cut off the next record begins at the margin.
  if (look == Look::kWhole && line.front() == '{') return event.json = false;
  JsonScan::State state = event.scan.feed(line);
  event.json = state == JsonScan::State::kOpen;
  event.joined_by = "one JSON object over several lines";
  return state != JsonScan::State::kBroken;
}

// Whether a line below a header that speaks of no trouble begins a crash, which is none of its own.
// A class without its package is one if it has frames.
bool Joiner::crashes(Stream& stream, Batch& batch, const Record& record, const Wrapping& wrapping,
                     Look look) {
  if (look != Look::kPlain || !stream.event.trace.is_calm()) return false;
  std::string_view line = without_colours(wrapping.inside);
  if (begins_crash(line)) return true;
  if (error_class_of(line).empty()) return false;
  return lines_to_frames(stream, batch, record, 1) != kNoFrames;
}

// Below one that speaks of an exception: how many lines, from the one that is `skip` records behind
// `record` on, stand before that exception's frames. kNoFrames: none come, or they come too late,
// or may be those of another one.
size_t Joiner::lines_to_frames(const Stream& stream, Batch& batch, const Record& record,
                               size_t skip) {
  const auto here = static_cast<size_t>(&record - batch.records.data());
  const size_t end = std::min(here + kMostLookedAt, batch.records.size());
  const uint32_t mark = parser_.mark();
  size_t found = kNoFrames, lines = 0;
  for (size_t at = here + skip; at < end && lines <= kMostMessage; ++at) {
    if (batch.records[at].source != record.source) continue;
    Record copy = batch.records[at];
    Wrapping wrapping = parser_.unwrap(batch, copy);
    if (&stream_of(batch, copy, wrapping) != &stream) continue;
    Look look = look_at(wrapping.inside);
    if (look == Look::kBlank && is_empty(wrapping)) continue;
    std::string_view text = without_indent(wrapping.inside);
    if (look == Look::kIndented && text.starts_with("at ") && is_indented_frame(text)) {
      found = lines;
      break;
    }
    if (look != Look::kPlain && look != Look::kIndented) break;
    // Another one, unless it is what caused this one (.NET).
    bool another = names_exception(text) || is_class_line(text) || is_traceback(text);
    if (another && text.find("---> ") == text.npos) break;
    ++lines;
  }
  parser_.forget_since(mark);
  return found;
}

void Joiner::add_line(Event& event, const Batch& batch, const Record& record,
                      const Wrapping& wrapping, bool partial) {
  bool piece = event.partial;
  // What stands between it and the line before: line ends and blanks, or lines of others.
  std::string_view gap;
  bool behind = event.end != nullptr && record.line.data() > event.end &&
                record.line.data() <= batch.bytes() + batch.used();
  if (behind) gap = {event.end, static_cast<size_t>(record.line.data() - event.end)};
  if (gap.find_first_not_of("\r\n \t") != gap.npos) gap = {};
  bool near = !event.copied && !piece && wrapping.depth == 0 && !gap.empty() &&
              event.original.data() == event.inside.data() && gap.find('\r') == gap.npos;
  if (near) {
    event.original = event.inside = {event.original.data(),
                                     event.original.size() + gap.size() + record.line.size()};
  } else {
    event.copy();
    event.original_copy.append(std::exchange(event.empty, {}));
    event.original_copy.append(1, '\n').append(record.line);
    if (!piece) {
      event.inside_copy.append(std::exchange(event.empty_lines, 0), '\n');
      // Empty lines in between are the event's.
      auto ends = std::count(gap.begin(), gap.end(), '\n');
      event.inside_copy.append(static_cast<size_t>(std::max<ptrdiff_t>(ends, 1)), '\n');
      event.inside_copy.append(wrapping.inside);
    }
  }
  ++event.lines;
  event.last_offset = record.offset;
  event.end = record.line.data() + record.line.size();
  event.partial = partial;
  event.cut_bytes += record.marks.truncated_bytes;
  event.repaired |= record.marks.repaired;
}

// A piece of a line that a runtime has split, up to the longest line that there may be. Whether
// something of it had to be cut.
bool Joiner::add_piece(Event& event, std::string_view piece) {
  size_t room = settings_.max_line - std::min(settings_.max_line, event.inside_copy.size());
  event.inside_copy.append(piece.substr(0, room));
  if (piece.size() <= room) return false;
  ++discarded_.lines;
  event.cut_bytes += piece.size() - room;
  discarded_.bytes += piece.size() - room;
  return true;
}

void Joiner::begin(Stream& stream, const Batch& batch, const Wrapping& wrapping, uint32_t index,
                   Look look, bool partial) {
  const Record& record = batch.records[index];
  const std::string& only = batch.source_of(record).only_output;
  if ((!settings_.joins() && !partial) || !only.empty()) return;
  std::string_view line = wrapping.inside;
  if (look == Look::kTimed) ++stream.timed;
  if (look == Look::kPlain && !std::exchange(stream.crash, false)) ++stream.strays;
  Event& event = stream.event;
  event.rule = std::exchange(stream.rule_goes_on, Rules::kNone);
  if (event.rule == Rules::kNone) event.rule = rule_of(line);
  // The usual line of JSON costs no more than this.
  if (look == Look::kWhole && !partial && !follows_rules(event)) return;
  event.index = index;
  event.lines = 1;
  event.original = record.line;
  event.inside = line;
  event.copied = false;
  event.first_size = record.line.size();
  event.end = record.line.data() + record.line.size();
  event.last_offset = record.offset;
  event.partial = partial;
  event.joined_by = {};
  event.empty.clear();
  event.empty_lines = 0;
  event.cut_bytes = 0;
  event.repaired = false;
  event.metadata = wrapping.depth > 0 ? metadata_of(parser_.envelopes(wrapping)) : 0;
  event.trace.begin(line, look);
  event.json =
      look == Look::kJsonBegin && !partial && settings_.automatic && event.rule == Rules::kNone;
  if (event.json) {
    event.scan.begin();
    event.json = event.scan.feed(line) == JsonScan::State::kOpen;
  }
  event.read_at = batch.read_at;
  stream.open = true;
  open_.push_back(&stream);
}

// The event is whole: its record has all of it.
void Joiner::close(Stream& stream, Batch& batch) {
  stream.open = false;
  fill(stream.event, batch, batch.records[stream.event.index], wrappings_[stream.event.index]);
}

void Joiner::fill(Event& event, Batch& batch, Record& record, Wrapping& wrapping) {
  if (event.lines == 1 && !event.copied) return;
  record.lines = event.lines;
  record.last_offset = event.last_offset;
  if (!event.copied) {
    record.line = wrapping.inside = event.original;
  } else {
    record.line = batch.arena.copy(event.original_copy, kPadding);
    // Its envelopes are those of its first line.
    std::string_view all = record.line;
    record.line = batch.arena.copy(all.substr(0, event.first_size), kPadding);
    wrapping = parser_.unwrap(batch, record);
    record.line = all;
    bool pieces = wrapping.depth > 0 && parser_.envelopes(wrapping).back().partial;
    wrapping.inside = batch.arena.copy(event.inside_copy, kPadding);
    if (pieces) parser_.unwrap_inside(batch, record, wrapping);
  }
  wrapping.joined_by =
      event.joined_by.empty() ? event.trace.joined_by(event.last_look) : event.joined_by;
  record.marks.truncated_bytes += event.cut_bytes;
  record.marks.repaired |= event.repaired;
  for (std::string* copy : {&event.original_copy, &event.inside_copy}) {
    if (copy->capacity() > kKeptBytes) std::string().swap(*copy);
  }
}

size_t Joiner::rule_of(std::string_view line) const {
  return settings_.rules ? settings_.rules->begins(line) : Rules::kNone;
}

// Whether a rule may go on with it.
bool Joiner::follows_rules(const Event& event) const {
  return event.rule != Rules::kNone || (settings_.rules && settings_.rules->join_any());
}

// Whether the open event's next line may stand beyond the slice, and is worth waiting for.
bool Joiner::waits(Stream& stream, bool more) {
  Event& event = stream.event;
  if (!stream.held && held_.size() >= kMostHeld) return false;
  if (!event.objects.empty()) {
    return event.objects.size() < settings_.max_lines && event.object_bytes < settings_.max_bytes;
  }
  if (event.partial || event.json) return true;
  if (!settings_.joins() || stream.discards) return false;
  if (event.lines >= settings_.max_lines || event.size() >= settings_.max_bytes) return false;
  if (follows_rules(event)) return true;
  if (!settings_.automatic || event.trace.look() == Look::kWhole) return false;
  if (more || event.trace.expects_more()) return true;
  bool header = event.trace.look() == Look::kTimed;
  return header && (stream.ever_joined || stream.joins_plain());
}

Joiner::Discarded Joiner::take_discarded() { return std::exchange(discarded_, {}); }

void Joiner::forget_idle_streams() {
  if (streams_.size() <= kMostStreams) return;
  std::erase_if(streams_,
                [](const auto& entry) { return !entry.second->open && !entry.second->held; });
}

void Joiner::recharge() {
  size_t bytes = 0;
  for (const Stream* stream : held_) {
    bytes += stream->event.original_copy.capacity() + stream->event.inside_copy.capacity() +
             stream->event.empty.capacity();
    for (const Event::Object& object : stream->event.objects) {
      bytes += sizeof object + object.line.capacity();
    }
  }
  charge_.set(bytes);
}

}  // namespace waybill::parsers::multiline
