// SPDX-License-Identifier: Apache-2.0
// From a Shape to the text of a schema. Used by contract/infer.cpp alone.
#pragma once

#include <string>
#include <string_view>

#include "contract/infer.h"
#include "contract/shape.h"

namespace waybill::contract {

// Whether a member that `count` of `objects` have is required.
bool is_required(uint64_t count, uint64_t objects, double share);
// Whether the texts are few enough, and came often enough, to be all that there are. `field`: the
// member's name where it is one of a record itself (`records`): some of those are free text.
bool makes_enum(const Shape& shape, std::string_view field, bool records);

class SchemaWriter {
 public:
  explicit SchemaWriter(const InferOptions& options) : options_(options) {}
  // A whole schema with a line end.
  std::string write(const Shape& root);

 private:
  // `field`: the name of a member of the root; else empty.
  void schema(const Shape& shape, std::string_view field, bool is_root);
  void types(const Shape& shape);
  void strings(const Shape& shape, std::string_view field);
  void objects(const Shape& shape, bool is_root);
  void examples(const Shape& shape);

  void open(char bracket);
  void close(char bracket);
  void key(std::string_view name);
  void item();
  void text(std::string_view characters);
  void raw(std::string_view json) { out_ += json; }

  const InferOptions& options_;
  std::string out_;
  size_t depth_ = 0;
  bool first_ = true;
};

}  // namespace waybill::contract
