// SPDX-License-Identifier: Apache-2.0
// Inference: a draft of a schema, from many values.
//
// The draft accepts every value that it was made from, but for members that are required because
// nearly all have them. Its memory is bounded, whatever the values are.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "contract/findings.h"
#include "contract/shape.h"
#include "contract/value.h"

namespace waybill::contract {

struct InferOptions {
  double required_share = 0.99;  // of the objects at a place that have a member: 0 to 1
  bool examples = true;          // with values as `examples`
  bool records = true;           // the values are records (contract/record_view.h)
};

// One thread.
class Inference {
 public:
  explicit Inference(InferOptions options) : options_(options) {}

  void add(const Value& value, LogPlace place);
  uint64_t count() const { return root_.count(); }

  // When nothing more comes, before the two below. Something has been added.
  void finish() { root_.finish(budget_); }
  // The schema as JSON, draft 2020-12, with a line end.
  std::string schema() const;
  // What a person should look at: a line each, "POINTER: what", with the numbers of files (as
  // LogPlace has them) turned into names by `files`.
  std::vector<std::string> doubts(const std::vector<std::string>& files) const;

 private:
  InferOptions options_;
  ShapeBudget budget_;
  Shape root_;
};

}  // namespace waybill::contract
