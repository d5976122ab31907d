// SPDX-License-Identifier: Apache-2.0
// LetterReader: takes a dead letter apart (docs/delivery.md, "Dead letters").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json_walker.h"
#include "core/result.h"

namespace waybill::inputs::replay {

// Of the line that it was read from, as it stands there.
struct Letter {
  // The name of the output whose backend refused the record; empty: it broke its schema, and was
  // for all outputs.
  std::string_view output;
  std::string_view record;  // the record, as JSON
};

class LetterReader {
 public:
  // `line`: one line of the file, without its end; it grows by what the reader needs behind it, and
  // is what the Letter points into. The Error says why it is none.
  Result<Letter> read(std::string& line);

 private:
  JsonWalker walker_;
  std::vector<Token> tokens_;
};

}  // namespace waybill::inputs::replay
