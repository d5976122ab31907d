// SPDX-License-Identifier: Apache-2.0
// What the replies of Elasticsearch and OpenSearch mean: a bulk request may be 200 with every
// record of it refused, so each item's own status counts.
#include <simdjson.h>

#include <fmt/format.h>

#include "core/log.h"
#include "outputs/elasticsearch/encoder.h"
#include "outputs/elasticsearch/reply.h"
#include "outputs/printable.h"

namespace waybill::outputs::elasticsearch {

namespace {

using http::Outcome;
using http::Verdict;
using simdjson::dom::element;
using simdjson::dom::object;

// The string at `key`, or "".
std::string_view string_at(const element& parent, std::string_view key) {
  std::string_view text;
  return parent[key].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

// {"type":"mapper_parsing_exception","reason":"…","caused_by":{"reason":"…"}} in words.
std::string error_text(const element& error) {
  std::string_view plain;
  if (error.get(plain) == simdjson::SUCCESS) return std::string(plain);
  std::string text = fmt::format("{}: {}", string_at(error, "type"), string_at(error, "reason"));
  element cause;
  if (error["caused_by"].get(cause) == simdjson::SUCCESS) {
    if (std::string_view why = string_at(cause, "reason"); !why.empty()) {
      text += fmt::format(" ({})", why);
    }
  }
  return text;
}

// What a bulk reply says, item by item.
class Items {
 public:
  // `conflicts`: null where fields are not to be moved.
  Items(const http::Sent& sent, Conflicts* conflicts)
      : sent_(sent.picks.size()), request_(sent), conflicts_(conflicts) {}

  // An Error's text when this is no reply to what was sent.
  std::string read(std::string_view body);
  Verdict verdict();

 private:
  bool read_item(uint32_t position, const element& item);
  bool is_mended(uint32_t position, const std::string& reason);

  size_t sent_;
  const http::Sent& request_;
  Conflicts* conflicts_;
  std::vector<http::Item> items_;
  size_t forbidden_ = 0;
  bool away_ = false;    // a shard was not there for one of them
  size_t diverted_ = 0;  // to the failure store
};

std::string Items::read(std::string_view body) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) {
    return "the reply is no JSON: is this a proxy, or another server?";
  }
  simdjson::dom::array all;
  if (root["items"].get(all) != simdjson::SUCCESS) return "the reply has no items";
  uint32_t position = 0;
  for (element item : all) {
    if (position == sent_) return fmt::format("the reply has more items than the {} sent", sent_);
    if (!read_item(position, item)) return "an item of the reply has no status";
    ++position;
  }
  if (position == sent_) return {};
  return fmt::format("the reply has {} items for {} records", position, sent_);
}

bool Items::read_item(uint32_t position, const element& item) {
  object action;
  if (item.get(action) != simdjson::SUCCESS || action.size() == 0) return false;
  element result = (*action.begin()).value;
  int64_t status = 0;
  if (result["status"].get(status) != simdjson::SUCCESS) return false;
  if (string_at(result, "failure_store") == "used") ++diverted_;
  // 409: this id is there already, so an earlier attempt of ours was stored.
  if ((status >= 200 && status < 300) || status == 409) return true;
  http::Item refused;
  refused.position = position;
  // 403: a read-only index or a missing privilege; 404: an index that is not there and not made by
  // itself. Somebody changes that, and the record is good.
  bool setup = status == 403 || status == 404;
  refused.retry = status == 429 || status >= 500 || setup;
  refused.busy = status == 429;
  // A shard that is away tells nothing of the record, and other shards take theirs meanwhile.
  away_ |= status == 503;
  if (setup) ++forbidden_;
  element error;
  if (result["error"].get(error) == simdjson::SUCCESS) refused.reason = error_text(error);
  if (refused.reason.empty()) refused.reason = fmt::format("status {}", status);
  if (status == 400 && is_mended(position, refused.reason)) refused.retry = true;
  items_.push_back(std::move(refused));
  return true;
}

// Whether the document will be another one when it is sent again. What has been mended in vain is
// sent so often, in case it was under way when the conflict was learnt.
bool Items::is_mended(uint32_t position, const std::string& reason) {
  constexpr uint32_t kMostAttempts = 3;
  if (conflicts_ == nullptr) return false;
  Conflict conflict = conflict_of(reason);
  if (conflict.path.empty()) return false;
  const delivery::Payload& payload = request_.payload;
  std::string_view lines = payload.encoded(payload.slices[request_.picks[position]]);
  if (!Conflicts::concerns(conflict, lines.substr(lines.find('\n') + 1))) return false;
  const std::string path = conflict.path, type = conflict.type;
  if (!conflicts_->learn(std::move(conflict))) return request_.attempt < kMostAttempts;
  spdlog::warn("elasticsearch: {} is {} in the index: what is not goes to {}_text from now on",
               printable(path), printable(type), printable(path));
  return true;
}

Verdict Items::verdict() {
  Verdict verdict;
  if (diverted_ > 0) {
    verdict.reason = fmt::format(
        "{} of {} documents went to the failure store: they are kept, but "
        "not searched with the others",
        diverted_, sent_);
  }
  if (items_.empty()) return verdict;
  verdict.reason = items_.front().reason;
  if (forbidden_ == sent_) {
    verdict.outcome = Outcome::kMisconfigured;
    return verdict;
  }
  verdict.outcome = Outcome::kPartial;
  if (away_) verdict.refusals = http::kNeverGivenUp;
  verdict.items = std::move(items_);
  return verdict;
}

}  // namespace

RequestError request_error(std::string_view body) {
  simdjson::dom::parser parser;
  element root, error;
  RequestError found;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return found;
  if (root["error"].get(error) != simdjson::SUCCESS) return found;
  found.type = string_at(error, "type");
  found.text = error_text(error);
  return found;
}

Verdict Backend::judge(const http::Response& response, const http::Sent& sent) const {
  if (response.status < 200 || response.status >= 300) {
    Verdict verdict = http::judge_status(response);
    RequestError error = request_error(response.body);
    if (!error.text.empty()) verdict.reason = error.text;
    // Not about the records: no smaller request would be taken.
    bool settings = error.type == "invalid_index_name_exception" ||
                    response.body.find("HTTP request to an HTTPS") != std::string_view::npos ||
                    response.body.find("sent to HTTPS port") != std::string_view::npos;
    if (response.status == 400 && settings) verdict.outcome = Outcome::kMisconfigured;
    return verdict;
  }
  Items items(sent, type_conflicts_ == TypeConflicts::kMove ? &conflicts_ : nullptr);
  std::string fault = items.read(response.body);
  if (fault.empty()) return items.verdict();
  // Nothing is known about any record. Sending all again is safe: what is there answers 409.
  Verdict verdict;
  verdict.outcome = Outcome::kRetry;
  verdict.reason = std::move(fault);
  return verdict;
}

}  // namespace waybill::outputs::elasticsearch
