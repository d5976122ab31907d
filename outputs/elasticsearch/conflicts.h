// SPDX-License-Identifier: Apache-2.0
// Conflicts: fields of the context whose type in the index is another than the document's. What
// does not fit goes to `<field>_text`, as text, so that the document is not lost.
//
// Nothing is known of an index before it refuses a document. Its words name the field and the type
// that it has there; from then on every document is mended before it is sent, that one included.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/buffer.h"
#include "core/json_walker.h"

namespace waybill::outputs::elasticsearch {

// A field of the index, by its whole name, and what it takes.
struct Conflict {
  std::string path;  // "context.user.age"
  std::string type;  // "long", "keyword", "object", …
};

// What the words of a refusal name; an empty path when they name nothing of the kind, or no field
// of the context. Elasticsearch 8 and OpenSearch 2.
Conflict conflict_of(std::string_view reason);

// Any thread.
class Conflicts {
 public:
  static constexpr size_t kMost = 256;

  // Whether there is something to mend at all.
  bool any() const { return any_.load(std::memory_order_acquire); }
  // Whether something of the document does not fit that field.
  static bool concerns(const Conflict& conflict, std::string_view document);
  // Whether it was not known before (and is now). False, too, when too many are.
  bool learn(Conflict conflict);
  // Appends the document (one line of JSON, with or without its line end) with whatever does not
  // fit moved; one that fits as it came. Returns how many values have moved.
  size_t mend(std::string_view document, Buffer& out) const;
  // How many have, in all documents so far.
  uint64_t moved() const { return moved_.load(std::memory_order_relaxed); }

 private:
  using List = std::vector<Conflict>;
  static size_t mend(const List& known, std::string_view document, Buffer& out);

  std::atomic<bool> any_{false};
  mutable std::atomic<uint64_t> moved_{0};
  mutable std::mutex mutex_;
  std::shared_ptr<const List> list_ = std::make_shared<List>();
};

}  // namespace waybill::outputs::elasticsearch
