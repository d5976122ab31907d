// SPDX-License-Identifier: Apache-2.0
// The pipeline's work on one batch, stage by stage, without threads and network.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/lines.h"
#include "contract/compile.h"
#include "contract/record_view.h"
#include "contract/validator.h"
#include "core/batch.h"
#include "core/identity.h"
#include "core/json_walker.h"
#include "delivery/payload.h"
#include "lineage/lineage.h"
#include "outputs/http/backend.h"
#include "parsers/event_reader.h"
#include "sampling/sampler.h"

namespace waybill::bench {

// A pattern of the user's own for the lines of Shape::kText, to be tried before all other formats.
enum class Own {
  kNone,
  kRegex,      // four groups, which RE2 finds in one pass
  kWideRegex,  // seven groups, with doubt where they end
  kDissect,
};

class HotPath {
 public:
  // Works on one batch full of lines of this shape, again and again.
  explicit HotPath(Shape shape, Own own = Own::kNone);
  HotPath(HotPath&&) = delete;

  // In this order; each may be repeated before the next.
  void frame();              // the bytes into the batch, and a record for each line
  void walk();               // the JSON walker alone, over every line
  void parse();              // fields found and lifted
  void lineage();            // trace context and id
  void contract(bool wide);  // every record held to the built-in schema, or to one of 60 properties
  void sample();             // every record judged by three rules, behind lineage()
  void canonical();          // the whole record as JSON

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
  parsers::EventReader reader_;
  lineage::Lineage lineage_{lineage::LineageSettings{}};
  contract::SharedProgram builtin_, wide_;
  contract::RecordView view_;
  contract::Validator validator_;
  std::unique_ptr<sampling::Sampler> sampler_;
  Arena arena_;
  Buffer json_;
  std::vector<Named> outputs_;
  std::vector<uint32_t> picks_;
};

}  // namespace waybill::bench
