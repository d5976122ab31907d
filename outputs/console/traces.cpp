// SPDX-License-Identifier: Apache-2.0
#include "outputs/console/traces.h"

#include <algorithm>
#include <numeric>

#include "core/canonical.h"
#include "core/utf8.h"

namespace waybill::outputs::console {

namespace {

constexpr size_t kHexOfTrace = 32;

// Lower-case hex without dashes; empty when it is something else.
std::string hex_of(std::string_view text) {
  std::string hex;
  for (char c : text) {
    if (c == '-') continue;
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return {};
    hex.push_back(c);
  }
  return hex.size() <= kHexOfTrace ? hex : std::string();
}

std::string_view first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

}  // namespace

void Extent::add(int64_t time_ns, Level level) {
  first_ns = std::min(first_ns, time_ns);
  last_ns = std::max(last_ns, time_ns);
  ++lines;
  if (level >= Level::kError) ++errors;
}

Said SaidReader::ids(const Record& record, const Identity& identity) {
  scratch_.clear();
  Said said;
  said.time_ns = record.time_ns;
  said.level = record.level;
  said.trace = characters(record.trace_id, scratch_);
  said.request = characters(record.request_id, scratch_);
  said.span = characters(record.span_id, scratch_);
  said.parent = characters(record.parent_span_id, scratch_);
  said.service = characters(service_of(record, identity), scratch_);
  return said;
}

std::string_view SaidReader::text(const Record& record) {
  std::string_view message = first_line(characters(record.message, scratch_));
  text_.assign(whole_characters(message, Traces::kLongestText));
  if (record.error != nullptr && text_.size() < Traces::kLongestText) {
    std::string_view type = characters(record.error->type, scratch_);
    std::string_view words = first_line(characters(record.error->message, scratch_));
    bool says_type = !type.empty() && message.find(type) == message.npos;
    bool says_words = !words.empty() && message.find(words) == message.npos;
    if (says_type || says_words) text_.append("  ");
    if (says_type) text_.append(type);
    if (says_type && says_words) text_.append(": ");
    if (says_words) text_.append(words);
    text_.resize(whole_characters(text_, Traces::kLongestText).size());
  }
  return text_;
}

Traces::Traces(std::string_view wanted) : wanted_(wanted), wanted_hex_(hex_of(wanted)) {}

void Traces::add(const Record& record, const Identity& identity) {
  Said said = reader_.ids(record, identity);
  if (said.trace.empty() && said.request.empty()) {
    ++strays_;
    return;
  }
  if (!is_wanted(said.trace, said.request)) return;
  said.text = reader_.text(record);
  add(said);
}

void Traces::add(const Said& said) {
  const bool request = said.trace.empty();
  TraceLine line;
  line.time_ns = said.time_ns;
  line.level = said.level;
  line.trace = trace_of(request ? said.request : said.trace, request);
  std::string_view id = request ? std::string_view() : said.span;
  line.span = span_of(line.trace, id, said.service);
  TraceSpan& span = spans_[line.span];
  if (span.parent.empty() && !id.empty() && !said.parent.empty() && said.parent != id) {
    span.parent = kept(said.parent);
  }
  line.text = kept(said.text);
  span.add(line.time_ns, line.level);
  traces_[line.trace].add(line.time_ns, line.level);
  lines_.push_back(line);
}

bool Traces::is_wanted(std::string_view trace, std::string_view request) const {
  if (wanted_.empty() || request == wanted_) return true;
  return !wanted_hex_.empty() && trace.starts_with(wanted_hex_);
}

uint32_t Traces::trace_of(std::string_view id, bool request) {
  key_.assign(request ? "r" : "t").append(id);
  auto found = by_id_.find(key_);
  if (found != by_id_.end()) return found->second;
  auto index = static_cast<uint32_t>(traces_.size());
  std::string_view key = kept(key_);
  by_id_.emplace(key, index);
  Trace& made = traces_.emplace_back();
  made.id = key.substr(1);
  made.request = request;
  return index;
}

// A span is known by its id within its trace, and what has none by the service.
uint32_t Traces::span_of(uint32_t trace, std::string_view id, std::string_view service) {
  key_.assign(reinterpret_cast<const char*>(&trace), sizeof trace);
  key_.append(id.empty() ? "s" : "i").append(id.empty() ? service : id);
  auto found = by_span_.find(key_);
  if (found != by_span_.end()) return found->second;
  auto index = static_cast<uint32_t>(spans_.size());
  by_span_.emplace(kept(key_), index);
  TraceSpan& made = spans_.emplace_back();
  made.trace = trace;
  made.id = kept(id);
  made.service = kept(service);
  return index;
}

std::string_view Traces::kept(std::string_view text) {
  return text.empty() ? std::string_view() : kept_.copy(text);
}

void Traces::finish() {
  std::stable_sort(lines_.begin(), lines_.end(), [](const TraceLine& a, const TraceLine& b) {
    return a.span != b.span ? a.span < b.span : a.time_ns < b.time_ns;
  });
  lines_of_.assign(spans_.size(), {});
  for (uint32_t i = 0; i < lines_.size();) {
    const uint32_t span = lines_[i].span;
    lines_of_[span].begin = i;
    while (i < lines_.size() && lines_[i].span == span) ++i;
    lines_of_[span].end = i;
  }
  span_order_.resize(spans_.size());
  std::iota(span_order_.begin(), span_order_.end(), 0u);
  std::stable_sort(span_order_.begin(), span_order_.end(), [&](uint32_t a, uint32_t b) {
    const TraceSpan &one = spans_[a], &other = spans_[b];
    return one.trace != other.trace ? one.trace < other.trace : one.first_ns < other.first_ns;
  });
  spans_of_.assign(traces_.size(), {});
  for (uint32_t i = 0; i < span_order_.size();) {
    const uint32_t trace = spans_[span_order_[i]].trace;
    spans_of_[trace].begin = i;
    while (i < span_order_.size() && spans_[span_order_[i]].trace == trace) ++i;
    spans_of_[trace].end = i;
  }
}

std::span<const uint32_t> Traces::spans_of(uint32_t trace) const {
  const Range& range = spans_of_[trace];
  return std::span(span_order_).subspan(range.begin, range.end - range.begin);
}

std::span<const TraceLine> Traces::lines_of(uint32_t span) const {
  const Range& range = lines_of_[span];
  return std::span(lines_).subspan(range.begin, range.end - range.begin);
}

}  // namespace waybill::outputs::console
