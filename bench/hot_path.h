// SPDX-License-Identifier: Apache-2.0
// The pipeline's work on one batch, stage by stage, without threads and network.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/lines.h"
#include "core/batch.h"
#include "core/identity.h"
#include "core/json_walker.h"
#include "delivery/payload.h"
#include "outputs/http/backend.h"
#include "parsers/line_parser.h"

namespace waybill::bench {

class HotPath {
 public:
  // Works on one batch full of lines of this shape, again and again.
  explicit HotPath(Shape shape);
  HotPath(HotPath&&) = delete;

  // In this order; each may be repeated before the next.
  void frame();      // the bytes into the batch, and a record for each line
  void walk();       // the JSON walker alone, over every line
  void parse();      // fields found and lifted
  void lineage();    // trace context and id
  void canonical();  // the whole record as JSON

  // Encodes every record for "loki", "es" or "otlp"; whenever a request's worth has come together
  // it is composed, as it would be sent.
  void encode(std::string_view output);

  size_t lines() const { return framed_.size(); }
  size_t bytes() const { return text_.size(); }

 private:
  struct Named {
    std::string_view name;
    std::unique_ptr<outputs::http::Backend> backend;
    std::unique_ptr<delivery::Payload> payload;
  };

  std::string text_;
  ByteBudget budget_{size_t{1} << 30};
  Identity identity_;
  Batch batch_{budget_};
  std::shared_ptr<const Source> source_;
  std::vector<Record> framed_;  // as frame() left them: parse() starts from these
  JsonWalker walker_;
  std::vector<Token> tokens_;
  parsers::LineParser parser_{parsers::Settings{}, {"auto"}};
  Buffer json_;
  std::vector<Named> outputs_;
  std::vector<uint32_t> picks_;
};

}  // namespace waybill::bench
