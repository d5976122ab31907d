// SPDX-License-Identifier: Apache-2.0
#include "metrics/family.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "config/utf8.h"
#include "core/utf8.h"
#include "metrics/route.h"

namespace waybill::metrics {

namespace {

// No byte of UTF-8.
constexpr char kEnd = '\xFF';
constexpr std::string_view kOther = "other";
constexpr size_t kLongestValue = 128;

std::string other_key(size_t labels) {
  std::string key;
  for (size_t i = 0; i < labels; ++i) {
    key += kOther;
    key += kEnd;
  }
  return key;
}

// A path of a file may be any bytes; a page with such a label would be refused as a whole.
void append_characters_of(std::string& key, std::string_view text) {
  for (size_t bad; (bad = config::find_bad_utf8(text)) != text.npos;) {
    key.append(text.substr(0, bad));
    key.append("\xEF\xBF\xBD");
    text.remove_prefix(bad + 1);
  }
  key.append(text);
}

// How many records this one stands for. Sampling has not been yet: of ours, each for itself.
double weight_of(const Record& record) {
  std::string_view rate = sample_rate_of(record);
  if (rate.empty()) return 1;
  double weight = 0;
  auto [end, error] = std::from_chars(rate.data(), rate.data() + rate.size(), weight);
  bool sound = error == std::errc() && end == rate.data() + rate.size();
  return sound && weight >= 0 && weight <= 1e12 ? weight : 1;
}

bool is_hex(Text text, size_t digits) {
  return text.size == digits && std::all_of(text.data, text.data + digits, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// A trace that the tracer left out leads nowhere.
bool leads_somewhere(const Record& record) {
  bool sampled = record.trace_flags < 0 || (record.trace_flags & 1) != 0;
  return sampled && is_hex(record.trace_id, 32);
}

void set_exemplar(Exemplar& exemplar, const Record& record, double value) {
  std::memcpy(exemplar.trace_id.data(), record.trace_id.data, 32);
  exemplar.has_span = is_hex(record.span_id, 16);
  if (exemplar.has_span) std::memcpy(exemplar.span_id.data(), record.span_id.data, 16);
  exemplar.given = true;
  exemplar.value = value;
  // One from the future would keep later ones out of Prometheus.
  exemplar.time_ns = std::max<int64_t>(0, std::min(record.time_ns, record.read_ns));
}

}  // namespace

Family::Family(std::shared_ptr<const Definition> definition, std::shared_ptr<SeriesBudget> budget)
    : definition_(std::move(definition)),
      budget_(std::move(budget)),
      all_other_(other_key(definition_->labels.size())),
      values_(definition_->labels.size()) {}

Family::~Family() { budget_->give(taken_); }

std::string Family::count(const Batch& batch, std::span<const Record> records,
                          const Identity& identity) {
  std::lock_guard lock(mutex_);
  for (const Record& record : records) count(batch, record, identity);
  return std::exchange(notice_, {});
}

void Family::count(const Batch& batch, const Record& record, const Identity& identity) {
  const Definition& metric = *definition_;
  if (metric.when && !metric.when->matches(batch, record, identity, scratch_)) return;
  double amount = 1;
  if (metric.value) {
    std::optional<double> found =
        amount_of(metric.value->find(batch, record, identity, scratch_), metric.value_unit);
    if (!found || *found < 0) {
      ++skipped_;
      return;
    }
    amount = *found;
  }
  double weight = weight_of(record);
  if (weight == 0) return;
  read_labels(batch, record, identity);
  Series& to = series();
  size_t bucket = 0;
  if (metric.histogram) {
    bucket =
        static_cast<size_t>(std::lower_bound(metric.bounds.begin(), metric.bounds.end(), amount) -
                            metric.bounds.begin());
    to.counts[bucket] += static_cast<uint64_t>(std::llround(weight));
  }
  to.total += amount * weight;
  if (leads_somewhere(record)) set_exemplar(to.exemplars[bucket], record, amount);
}

// Writes the values to key_.
void Family::read_labels(const Batch& batch, const Record& record, const Identity& identity) {
  using Kind = FieldValue::Kind;
  key_.clear();
  for (const Definition::Label& label : definition_->labels) {
    FieldValue value = label.path.find(batch, record, identity, scratch_);
    std::string_view text = value.text;
    bool none =
        value.kind == Kind::kMissing || value.kind == Kind::kNull || value.kind == Kind::kContainer;
    if (none) text = {};
    if (definition_->template_routes && value.kind == Kind::kText) {
      route_.clear();
      append_route(route_, text);
      text = route_;
    }
    append_characters_of(key_, whole_characters(text, kLongestValue));
    key_.push_back(kEnd);
  }
}

// The series of key_, which may become another one.
Series& Family::series() {
  auto found = series_.find(std::string_view(key_));
  return found != series_.end() ? found->second : new_series();
}

Series& Family::new_series() {
  if (definition_->labels.empty()) return add(key_);
  const char* why = nullptr;
  if (fold_values()) {
    why = "a label has as many values as its max_values allows";
  } else if (taken_ >= definition_->max_series) {
    why = "it has as many combinations of labels as its max_series allows";
  } else if (budget_->take()) {
    ++taken_;
    return add(key_);
  } else {
    why = "all metrics together have as many combinations of labels as metrics.max_series allows";
  }
  note_overflow(why);
  auto found = series_.find(std::string_view(key_));
  if (found != series_.end()) return found->second;
  // One with some labels folded takes room as any other does.
  if (key_ != all_other_ && taken_ < definition_->max_series && budget_->take()) {
    ++taken_;
    return add(key_);
  }
  key_ = all_other_;
  found = series_.find(std::string_view(key_));
  return found != series_.end() ? found->second : add(key_);
}

Series& Family::add(const std::string& key) {
  Series& made = series_[key];
  size_t buckets = definition_->histogram ? definition_->bounds.size() + 1 : 1;
  if (definition_->histogram) made.counts.resize(buckets);
  made.exemplars.resize(buckets);
  return made;
}

// Puts `other` into key_ for each value that is new and finds no room. Whether there was any.
bool Family::fold_values() {
  folded_.clear();
  bool any = false;
  std::string_view rest = key_;
  for (size_t i = 0; i < values_.size(); ++i) {
    std::string_view value = rest.substr(0, rest.find(kEnd));
    rest.remove_prefix(value.size() + 1);
    Set& known = values_[i];
    if (known.find(value) == known.end()) {
      if (known.size() < definition_->max_values) {
        known.emplace(value);
      } else if (value != kOther) {
        any = true;
        value = kOther;
      }
    }
    folded_.append(value);
    folded_.push_back(kEnd);
  }
  if (!any) return false;
  key_.swap(folded_);
  return true;
}

void Family::note_overflow(std::string_view why) {
  ++overflowed_;
  if (notice_given_) return;
  notice_given_ = true;
  notice_ = fmt::format("metrics: {}: {}: others are counted as `{}` from now on",
                        definition_->name, why, kOther);
}

Snapshot Family::snapshot() const {
  Snapshot now;
  now.definition = definition_;
  std::lock_guard lock(mutex_);
  now.overflowed = overflowed_;
  now.skipped = skipped_;
  for (const auto& [key, series] : series_) {
    Snapshot::Row& row = now.rows.emplace_back();
    row.series = series;
    std::string_view rest = key;
    for (size_t i = 0; i < definition_->labels.size(); ++i) {
      std::string_view value = rest.substr(0, rest.find(kEnd));
      row.values.emplace_back(value);
      rest.remove_prefix(value.size() + 1);
    }
  }
  std::sort(now.rows.begin(), now.rows.end(),
            [](const Snapshot::Row& a, const Snapshot::Row& b) { return a.values < b.values; });
  return now;
}

}  // namespace waybill::metrics
