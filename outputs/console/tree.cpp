// SPDX-License-Identifier: Apache-2.0
#include "outputs/console/tree.h"

#include <algorithm>
#include <cstring>

#include "lineage/lineage.h"
#include "lineage/propagation.h"
#include "outputs/console/waterfall.h"

namespace waybill::outputs::console {

namespace {

// In front of what a record says; then the texts, in this order. Without a trace and a request it
// is a line as it is shown.
struct Head {
  int64_t time_ns = 0;
  uint32_t trace = 0, request = 0, span = 0, parent = 0, service = 0, text = 0;  // sizes
  Level level = Level::kNone;
};

Said read(std::string_view bytes) {
  Head head;
  std::memcpy(&head, bytes.data(), sizeof head);
  bytes.remove_prefix(sizeof head);
  auto take = [&](uint32_t size) {
    std::string_view text = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return text;
  };
  Said said;
  said.time_ns = head.time_ns;
  said.level = head.level;
  said.trace = take(head.trace);
  said.request = take(head.request);
  said.span = take(head.span);
  said.parent = take(head.parent);
  said.service = take(head.service);
  said.text = take(head.text);
  return said;
}

Said read(const delivery::Payload& payload, uint32_t slice) {
  return read(payload.encoded(payload.slices[slice]));
}

// What tells a request from all others; empty for none.
void key_of(const Said& said, std::string& key) {
  key.clear();
  if (!said.trace.empty()) {
    key.append("t").append(said.trace);
  } else if (!said.request.empty()) {
    key.append("r").append(said.request);
  }
}

// Whether `later` is more than `apart` behind `earlier`. Times of lines are whatever somebody
// wrote: their difference may be no number.
bool is_behind(int64_t later, int64_t earlier, Duration apart) {
  return nanos_apart(later, earlier) > apart.count();
}

}  // namespace

void TreeLines::append(Buffer& out, const Batch& batch, const Record& record,
                       const Identity& identity) {
  Said said = reader_.ids(record, identity);
  // The trace of a whole run is no request: it would hold every line until the end.
  if (record.trace_origin == TraceOrigin::kGenerated &&
      said.trace == lineage::view(lineage::run_trace_id())) {
    said.trace = {};
  }
  Head head;
  head.time_ns = said.time_ns;
  head.level = said.level;
  if (said.trace.empty() && said.request.empty()) {
    const size_t begin = out.size();
    out.append(&head, sizeof head);
    pretty_.append(out, batch, record, identity);
    head.text = static_cast<uint32_t>(out.size() - begin - sizeof head);
    std::memcpy(out.data() + begin, &head, sizeof head);
    return;
  }
  said.text = reader_.text(record);
  auto size = [](std::string_view text) { return static_cast<uint32_t>(text.size()); };
  head.trace = size(said.trace);
  head.request = size(said.request);
  head.span = size(said.span);
  head.parent = size(said.parent);
  head.service = size(said.service);
  head.text = size(said.text);
  out.append(&head, sizeof head);
  for (std::string_view text :
       {said.trace, said.request, said.span, said.parent, said.service, said.text}) {
    out.append(text);
  }
}

void Tree::put(std::unique_ptr<delivery::Payload> payload, SteadyTime now) {
  std::string key;
  delivery::Payload* place = payload.get();
  for (uint32_t i = 0; i < payload->slices.size(); ++i) {
    Said said = read(*payload, i);
    now_ns_ = said.time_ns;
    key_of(said, key);
    if (key.empty()) {
      strays_.push_back({place, i});
      continue;
    }
    auto found = by_key_.find(key);
    if (found == by_key_.end()) {
      requests_.push_back({key, {}, now, 0});
      found = by_key_.emplace(requests_.back().key, std::prev(requests_.end())).first;
    } else {
      requests_.splice(requests_.end(), requests_, found->second);
    }
    Request& request = *found->second;
    request.lines.push_back({place, i});
    request.last = now;
    request.last_ns = said.time_ns;
    ++lines_;
  }
  bytes_ += payload->charge.held();
  held_.push_back({std::move(payload), now, 0});
}

// Every line of a payload waits for some request, so the one of the first that is left is there.
Tree::Requests::iterator Tree::oldest() {
  Held& first = held_.front();
  while (first.done < first.payload->slices.size() && first.payload->slices[first.done].settled) {
    ++first.done;
  }
  if (first.done == first.payload->slices.size()) return requests_.end();
  std::string key;
  key_of(read(*first.payload, first.done), key);
  auto found = by_key_.find(key);
  return found == by_key_.end() ? requests_.end() : found->second;
}

Tree::Requests::iterator Tree::chosen(SteadyTime now, bool hurry) {
  if (requests_.empty()) return requests_.end();
  Request& quietest = requests_.front();
  if (now - quietest.last >= quiet_ || is_behind(now_ns_, quietest.last_ns, kEventQuiet)) {
    return requests_.begin();
  }
  bool late = now - held_.front().came >= kLongest || lines_ > kMostLines;
  return hurry || late ? oldest() : requests_.end();
}

bool Tree::next(SteadyTime now, bool hurry, writer::Piece& piece) {
  piece.place = {};
  piece.parts.clear();
  text_.clear();
  if (!strays_.empty()) {
    show_strays(piece);
  } else {
    auto request = chosen(now, hurry);
    if (request == requests_.end()) return false;
    draw(*request, piece);
    lines_ -= request->lines.size();
    by_key_.erase(request->key);
    requests_.erase(request);
  }
  piece.bytes = text_.view();
  for (writer::Part& part : piece.parts) part.end = text_.size();
  return true;
}

SteadyTime Tree::due() const {
  if (!strays_.empty()) return SteadyTime::min();
  if (requests_.empty()) return SteadyTime::max();
  return std::min(requests_.front().last + quiet_, held_.front().came + kLongest);
}

void Tree::show_strays(writer::Piece& piece) {
  part_from_before(false);
  for (const Place& place : strays_) {
    text_.append(read(*place.payload, place.slice).text);
    piece.parts.push_back({place.payload, place.slice, 0});
  }
  strays_.clear();
}

void Tree::draw(Request& request, writer::Piece& piece) {
  part_from_before(true);
  Traces traces;
  for (const Place& place : request.lines) {
    traces.add(read(*place.payload, place.slice));
    piece.parts.push_back({place.payload, place.slice, 0});
  }
  traces.finish();
  Waterfall(output_columns(), colours_).draw(text_, traces, 0);
}

// An empty line stands around each picture.
void Tree::part_from_before(bool picture) {
  if (begun_ && (picture || after_picture_)) text_.push_back('\n');
  begun_ = true;
  after_picture_ = picture;
}

std::unique_ptr<delivery::Payload> Tree::take(bool any) {
  auto found = std::find_if(held_.begin(), held_.end(),
                            [&](const Held& held) { return any || held.payload->unsettled == 0; });
  if (found == held_.end()) return nullptr;
  std::unique_ptr<delivery::Payload> payload = std::move(found->payload);
  held_.erase(found);
  bytes_ -= payload->charge.held();
  if (!any) return payload;
  // The end: what is held of it is nobody's any more.
  requests_.clear();
  by_key_.clear();
  strays_.clear();
  lines_ = 0;
  return payload;
}

}  // namespace waybill::outputs::console
