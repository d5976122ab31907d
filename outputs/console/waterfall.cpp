// SPDX-License-Identifier: Apache-2.0
#include "outputs/console/waterfall.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <unordered_map>

#include "core/json_text.h"
#include "outputs/console/colours.h"
#include "outputs/printable.h"

namespace waybill::outputs::console {

namespace {

constexpr size_t kDeepest = 12;      // levels that are moved to the right
constexpr size_t kTimes = 20;        // columns of a span's beginning and duration
constexpr size_t kSmallestBar = 8;   // columns; less room: no bars
constexpr size_t kShortSpan = 8;     // digits
constexpr size_t kUsualWidth = 100;  // of what is no terminal
constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kSecond = 1000 * kMillisecond;

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

size_t columns_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string local_time(int64_t time_ns) {
  time_t second = time_ns / kSecond - (time_ns % kSecond < 0 ? 1 : 0);
  tm parts{};
  localtime_r(&second, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return fmt::format("{}.{:03}", text, (time_ns - second * kSecond) / kMillisecond);
}

std::string counted(uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

size_t output_columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  size_t wished = columns != nullptr ? std::strtoul(columns, nullptr, 10) : 0;
  return wished > 0 && wished < 10000 ? wished : kUsualWidth;
}

std::string duration_text(int64_t ns) {
  if (ns < kMillisecond) return ns == 0 ? "0 ms" : fmt::format("{} µs", ns / 1000);
  if (ns < kSecond) return fmt::format("{} ms", ns / kMillisecond);
  if (ns < 60 * kSecond) {
    return fmt::format("{:.2f} s", static_cast<double>(ns) / static_cast<double>(kSecond));
  }
  int64_t seconds = ns / kSecond;
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

Waterfall::Waterfall(size_t width, bool colours)
    : width_(std::max(width, kNarrowest)),
      colours_(colours),
      names_(std::clamp<size_t>(width_ * 2 / 5, 24, 48)) {}

void Waterfall::draw(Buffer& out, const Traces& traces, uint32_t index) {
  const Trace& trace = traces.traces()[index];
  put_head(out, trace);
  make_rows(traces, index);
  for (const Row& row : rows_) {
    put_span(out, traces, row, trace);
    for (const TraceLine& line : traces.lines_of(row.span)) put_line(out, row, line, trace);
  }
}

void Waterfall::put_head(Buffer& out, const Trace& trace) {
  colour(out, kBold);
  out.append(trace.request ? "request " : "trace ");
  colour(out, trace_colour(trace.id));
  size_t used = 0;
  out.append(fitted(trace.id, width_ - 8, used));
  colour(out, kReset);
  out.append("  " + local_time(trace.first_ns));
  out.append("  " + duration_text(trace.duration()));
  out.append("  " + counted(trace.lines, "line"));
  if (trace.errors > 0) {
    out.append("  ");
    colour(out, kRed);
    out.append(counted(trace.errors, "error"));
    colour(out, kReset);
  }
  out.push_back('\n');
}

// ---- the tree ----

void Waterfall::make_rows(const Traces& traces, uint32_t trace) {
  rows_.clear();
  auto spans = traces.spans_of(trace);
  children_.assign(spans.size(), {});
  placed_.assign(spans.size(), false);
  std::unordered_map<std::string_view, uint32_t> place_of;
  for (uint32_t i = 0; i < spans.size(); ++i) {
    std::string_view id = traces.spans()[spans[i]].id;
    if (!id.empty()) place_of.emplace(id, i);
  }
  std::vector<uint32_t> roots;
  for (uint32_t i = 0; i < spans.size(); ++i) {
    auto parent = place_of.find(traces.spans()[spans[i]].parent);
    if (parent == place_of.end()) {
      roots.push_back(i);
    } else {
      children_[parent->second].push_back(i);
    }
  }
  // Of each ring the earliest: what hangs on a root is no part of one.
  std::vector<bool> reached(spans.size(), false);
  std::vector<uint32_t> open;
  auto reach = [&](uint32_t from) {
    open.assign(1, from);
    while (!open.empty()) {
      uint32_t at = open.back();
      open.pop_back();
      if (reached[at]) continue;
      reached[at] = true;
      open.insert(open.end(), children_[at].begin(), children_[at].end());
    }
  };
  for (uint32_t root : roots) reach(root);
  for (uint32_t i = 0; i < spans.size(); ++i) {
    if (reached[i]) continue;
    roots.push_back(i);
    reach(i);
  }
  for (size_t i = 0; i < roots.size(); ++i) add_tree(roots[i], i + 1 == roots.size());
  for (Row& row : rows_) row.span = spans[row.span];
}

// The root and all below it, by their places. Without recursion: a chain of parents may be as long
// as the log.
void Waterfall::add_tree(uint32_t root, bool last) {
  struct Step {
    uint32_t place;
    std::string before;
    bool last;
    size_t depth;
  };
  std::vector<Step> steps{{root, "", last, 0}};
  while (!steps.empty()) {
    Step step = std::move(steps.back());
    steps.pop_back();
    if (placed_[step.place]) continue;
    placed_[step.place] = true;
    const bool deeper = step.depth < kDeepest;
    std::string below = step.before + (step.last ? "   " : "│  ");
    rows_.push_back({step.place, step.before + (step.last ? "└─ " : "├─ "), below});
    const std::vector<uint32_t>& children = children_[step.place];
    for (size_t i = children.size(); i > 0; --i) {
      steps.push_back(
          {children[i - 1], deeper ? below : step.before, i == children.size(), step.depth + 1});
    }
  }
}

// ---- the rows ----

void Waterfall::put_span(Buffer& out, const Traces& traces, const Row& row, const Trace& trace) {
  const TraceSpan& span = traces.spans()[row.span];
  colour(out, kDim);
  out.append(row.before);
  colour(out, kReset);
  size_t used = columns_of(row.before);
  const size_t room = names_ > used + 4 ? names_ - used : 4;
  const size_t id_room = span.id.empty() ? 0 : kShortSpan + 1;
  colour(out, span.errors > 0 ? kRed : kBold);
  size_t columns = 0;
  // Nobody has named it: then it says nothing.
  bool named = !span.service.empty() && span.service != "unknown_service";
  std::string_view service = named ? span.service : span.id.empty() ? "no span" : "span";
  out.append(fitted(service, room > id_room + 4 ? room - id_room : room, columns));
  used += columns;
  colour(out, kReset);
  if (id_room > 0 && columns + id_room <= room) {
    colour(out, kDim);
    out.push_back(' ');
    out.append(fitted(span.id.substr(0, kShortSpan), kShortSpan, columns));
    used += columns + 1;
    colour(out, kReset);
  }
  for (; used < names_; ++used) out.push_back(' ');
  std::string begin = "+" + duration_text(nanos_apart(span.first_ns, trace.first_ns));
  std::string duration = duration_text(span.duration());
  out.append(fmt::format("{:>10}{:>10}", begin, duration));
  put_bar(out, span, trace);
  out.push_back('\n');
}

void Waterfall::put_bar(Buffer& out, const TraceSpan& span, const Trace& trace) {
  if (width_ < names_ + kTimes + 2 + kSmallestBar) return;
  const size_t room = width_ - names_ - kTimes - 2;
  const auto whole = static_cast<double>(std::max<int64_t>(trace.duration(), 1));
  auto column = [&](int64_t time_ns) {
    double share = static_cast<double>(nanos_apart(time_ns, trace.first_ns)) / whole;
    share = std::clamp(share, 0.0, 1.0);
    return std::min(static_cast<size_t>(share * static_cast<double>(room)), room - 1);
  };
  const size_t begin = column(span.first_ns), end = column(span.last_ns) + 1;
  out.append("  ");
  for (size_t i = 0; i < begin; ++i) out.push_back(' ');
  colour(out, span.errors > 0 ? kRed : trace_colour(trace.id));
  for (size_t i = begin; i < end; ++i) out.append("█");
  colour(out, kReset);
}

void Waterfall::put_line(Buffer& out, const Row& row, const TraceLine& line, const Trace& trace) {
  colour(out, kDim);
  out.append(row.below);
  std::string offset = "+" + duration_text(nanos_apart(line.time_ns, trace.first_ns));
  out.append(fmt::format("{:>10} ", offset));
  colour(out, kReset);
  colour(out, level_colour(line.level));
  out.append(fmt::format("{:<5}", level_name(line.level)));
  colour(out, kReset);
  out.push_back(' ');
  size_t used = columns_of(row.below) + 17, columns = 0;
  out.append(fitted(line.text, width_ > used + 10 ? width_ - used : 10, columns));
  out.push_back('\n');
}

std::string_view Waterfall::fitted(std::string_view text, size_t columns, size_t& used) {
  text_.clear();
  append_printable(text_, text, " ");
  std::string_view all = text_.view();
  used = columns_of(all);
  if (used <= columns) return all;
  size_t end = 0, seen = 0;
  for (; end < all.size(); ++end) {
    if (begins_character(all[end]) && seen++ == columns - 1) break;
  }
  used = columns;
  text_.resize(end);
  text_.append("…");
  return text_.view();
}

void Waterfall::colour(Buffer& out, std::string_view code) const {
  append_colour(out, colours_, code);
}

}  // namespace waybill::outputs::console
