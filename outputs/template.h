// SPDX-License-Identifier: Apache-2.0
// Template: a text with places for what stands in a record, "{service_name}-{context.component}".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "core/expression.h"
#include "core/identity.h"
#include "core/result.h"

namespace waybill::outputs {

// A place is a path of a record (core/expression.h) or `resource.NAME`. `{{` and `}}` stand for
// single brackets. Immutable; any thread.
class Template {
 public:
  // The Error (kFixConfig) says what is wrong, and at which column.
  static Result<Template> parse(std::string_view text);

  // Appends the text to `out`. False, and `out` as it was, when a place has no value in this
  // record, or an empty one. Allocates nothing once `out` and `scratch` are warm.
  bool append(std::string& out, const Batch& batch, const Record& record, const Identity& identity,
              std::string& scratch) const;

  bool constant() const { return paths_.empty(); }
  const std::vector<std::string>& paths() const { return paths_; }

 private:
  struct Part {
    std::string literal;             // before the place
    std::optional<RecordPath> path;  // nothing behind the last literal, and for a resource
    std::string attribute;           // of the resource
  };
  std::vector<Part> parts_;
  std::vector<std::string> paths_;
};

}  // namespace waybill::outputs
