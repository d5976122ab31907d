// SPDX-License-Identifier: Apache-2.0
// Labels: what makes a stream of a record, and what keeps records from making too many.
//
// A label whose values turn out to be more than `max_label_values` is demoted: from then on it is
// structured metadata of each entry, where it costs no stream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/buffer.h"
#include "outputs/loki/settings.h"
#include "outputs/template.h"

namespace waybill::outputs::loki {

// Pipeline thread, but for prepare().
class Labels {
 public:
  // Of sound settings (label_fault()).
  explicit Labels(const Settings& settings);

  // `where` names the output in warnings.
  void prepare(const Identity& identity, const std::string& where);

  bool has_level() const { return level_; }
  // Whether streams differ by more than service and level.
  bool of_resource() const { return of_resource_; }
  bool of_record() const { return of_record_; }
  // Of that sanitised name; demoted ones, too.
  bool has(std::string_view name) const;
  bool has_resource(std::string_view name) const;

  // Writes {level="INFO", service_name="checkout"} to `out` (replaced). `resource`: the one that
  // the record brought with it, or null.
  void write(std::string& out, const Batch& batch, const Record& record, const Token* resource);

  // Counts up whenever a label is demoted: what was written before does not hold any more.
  uint32_t demotions() const { return demotions_; }
  // Calls f(name, value) for each label that is demoted and has a value in this record.
  template <typename F>
  void for_each_demoted(const Batch& batch, const Record& record, const Token* resource, F&& f) {
    if (demotions_ == 0) return;
    for (Label& label : all_) {
      if (!label.demoted) continue;
      std::string_view value = value_of(label, batch, record, resource);
      if (!value.empty()) f(std::string_view(label.name), value);
    }
  }

 private:
  enum class Kind : uint8_t { kService, kLevel, kResource, kTemplate };
  struct Label {
    std::string name;  // as sent
    Kind kind;
    std::string value = {};  // of the configured resource; empty when it has no such attribute
    Template made = {};
    bool demoted = false;
    uint64_t last = 0;  // hash of its newest value
    std::unordered_set<uint64_t> seen = {};
  };

  std::string_view value_of(const Label& label, const Batch& batch, const Record& record,
                            const Token* resource);
  std::string_view plain(Text text);
  bool admits(Label& label, std::string_view value);

  const size_t most_values_;
  std::vector<Label> all_;  // sorted by name
  bool level_ = false, of_resource_ = false, of_record_ = false;
  uint32_t demotions_ = 0;
  const Identity* identity_ = nullptr;
  std::string where_;
  Buffer decoded_;
  std::string value_, scratch_;
};

}  // namespace waybill::outputs::loki
