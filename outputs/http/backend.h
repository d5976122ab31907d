// SPDX-License-Identifier: Apache-2.0
// Backend: what differs between the servers that take logs over HTTP.
//
// HttpOutput (http_output.h) does everything they share: queue, connection, TLS, time-outs,
// retries, back-off, splitting, counting, messages. A backend says how records look on the wire,
// and what a reply means for each of them. It does no I/O, keeps no state between calls but its
// settings, and reads no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "core/clock.h"
#include "core/drop_reason.h"
#include "core/identity.h"
#include "core/result.h"
#include "delivery/payload.h"
#include "outputs/http/http_settings.h"

namespace waybill::outputs::http {

// What is spoken: HTTP/1.1 or, over TLS, HTTP/2; or gRPC, which is HTTP/2 anywhere (grpc.h). Then
// the transport wraps up what compose() wrote, and unwraps the answers.
enum class Wire : uint8_t { kHttp, kGrpc };

// Where and how requests go: constant for a config.
struct Endpoint {
  // Whole URLs with path and query, without credentials, all equivalent: the next one is tried
  // when one cannot be reached. At least one.
  std::vector<std::string> urls;
  // Lines "Name: value" of this backend: Content-Type, X-Scope-OrgID, a Content-Encoding that
  // compose() has applied. Authorization and the user's own `headers` are added by the sender.
  std::vector<std::string> headers;
  // How the sender compresses what compose() wrote (and says so in Content-Encoding). On the
  // pipeline thread, as all encoding.
  Coding coding = Coding::kNone;
  // "Loki", for messages: "is Loki running there?"
  std::string product;
  Wire wire = Wire::kHttp;
};

// A whole reply of the server. Larger ones than kMaxReply, and 3xx, never reach a backend.
constexpr size_t kMaxReply = 4 * 1024 * 1024;
struct Response {
  int status = 0;
  std::string_view body;
  std::string_view content_type;        // lower case, without parameters; empty when absent
  std::optional<Duration> retry_after;  // honoured by the sender already
  std::optional<int64_t> date = {};     // the server's clock, in seconds since 1970, if it tells
  // Of gRPC: grpc-status, and the other fields say the same in the words of HTTP. -1: there was
  // none.
  int grpc = -1;
  // Of gRPC: it ended the exchange before it had the whole request, without a word.
  bool early = false;
  std::string_view said = {};  // for people, instead of "HTTP 503"; empty: that
};

// What was sent in the request that a reply belongs to.
struct Sent {
  const delivery::Payload& payload;
  std::span<const uint32_t> picks;  // indices into payload.slices, ascending
  uint32_t attempt = 1;  // how often exactly these records have been sent, this time included
};

enum class Outcome : uint8_t {
  kDelivered,      // all of it has been stored, or will be
  kRetry,          // again later as it is, with back-off, for ever
  kSplit,          // too large: again in halves at once; a lone record is dropped as kTooLarge
  kBisect,         // it holds a bad record that the reply does not name: again in halves at once; a
                   // lone record is dropped with `drop`
  kDoubtful,       // a failure of the backend, or of one of these records, which nobody can tell:
                   // again later, and from attempt `patience` on in halves. A lone record is put
                   // off, and dropped with `drop` once others have been taken between `refusals`
                   // failures of it
  kMisconfigured,  // somebody has to change something (401, 403, 404): held, again every 30 s
  kPartial,        // all but `items` and `unnamed` has been stored
  kRejected,       // none of it will ever be taken: dropped with `drop`
};

// One record of a kPartial that was not stored.
struct Item {
  uint32_t position = 0;  // index into Sent::picks
  // Again later, alone, and dropped with `drop` after Verdict::refusals while others were taken;
  // else dropped at once.
  bool retry = false;
  DropReason drop = DropReason::kRejected;
  std::string reason = {};  // the server's words; may be empty
  bool busy = false;        // of a retry: the backend has too much to do, for all of us
};

// So often a record is refused while others are taken, until that counts as a verdict on it.
constexpr uint32_t kMostRefusals = 8;
constexpr uint32_t kNeverGivenUp = UINT32_MAX;

struct Verdict {
  Outcome outcome = Outcome::kDelivered;
  // The server's words, for people: any bytes, the sender cuts and escapes them. Empty: "HTTP 503".
  std::string reason;
  std::vector<Item> items;  // kPartial: by ascending position, each at most once
  uint32_t unnamed = 0;     // kPartial: so many more were dropped (with `drop`, for `reason`)
  DropReason drop = DropReason::kRejected;
  uint32_t patience = 1;              // kDoubtful: see there
  uint32_t refusals = kMostRefusals;  // kDoubtful, and kPartial's items; or kNeverGivenUp
};

// What a status means where a backend has nothing more special to say: 2xx delivered; 401, 403,
// 404, 405, 407 misconfigured; 408, 425, 429 and 5xx retry; 413 split; every other 4xx bisect. The
// reason is the beginning of the body when that is text.
Verdict judge_status(const Response& response);
// "HTTP 401: no; are the credentials right?"
std::string refusal_words(const Response& response, const Verdict& verdict);

// A request that asks whether the server is there, takes our credentials and has what we write to,
// without storing anything.
struct Probe {
  std::string url;
  bool post = false;        // else GET
  std::string body;         // of a POST; sent with Endpoint::headers
  std::string header = {};  // one more line
  int kind = 0;             // the backend's own: which of its probes it is
};

// What an answer to a probe shows.
struct Finding {
  std::string words = {};    // "takes our pushes"; behind the URL. Empty: nothing worth saying
  std::string warning = {};  // what works, and should be looked at
  std::optional<int64_t> clock = {};  // the server's, where the body tells it
};

class Backend {
 public:
  virtual ~Backend() = default;

  // ---- main thread, before anything else ----
  // Encodes what is constant. `identity` outlives the backend. An Error ends the start.
  virtual Result<void> prepare(const Identity& identity) = 0;
  // Known from the settings alone: also called before prepare().
  virtual const Endpoint& endpoint() const = 0;
  // One per URL at least, in their order.
  virtual std::vector<Probe> probes() const = 0;
  // A 2xx, or a status that only says that the server is there, is success. The sender has
  // answered for what never got a reply, for 3xx, and calls this with the rest. The Error's text
  // begins with what is wrong; the URL stands before it already.
  virtual Result<Finding> judge_probe(const Probe& probe, const Response& response) const;

  // ---- pipeline thread; compose() on the output's thread, too ----
  // As Output::append and Output::compose.
  virtual void append(const Batch& batch, const Record& record, delivery::Payload& payload) = 0;
  virtual void compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
                       delivery::Body& body) const = 0;

  // For `waybill explain`: the one record of `payload`, for people. The default suits backends
  // that send text.
  virtual std::string preview(const delivery::Payload& payload) const;

  // ---- any thread ----
  // Records of groups with different keys never share a request; and the line of a request's head
  // that a key stands for, none for an empty one. compose() gives no bytes for several keys.
  virtual std::string_view request_key(const delivery::Group&) const { return {}; }
  virtual std::string request_header(std::string_view) const { return {}; }
  // So many fields were sent under another name than theirs, as the backend has them of another
  // type; those of a request that is sent again are counted again. Nothing: it moves none.
  virtual std::optional<uint64_t> moved_fields() const { return std::nullopt; }

  // ---- output's thread ----
  // Records that the server is known to refuse, which are not sent: `position` is an index into
  // payload.slices. `now` is the wall clock.
  virtual std::vector<Item> refuse(const delivery::Payload&, WallNanos) const { return {}; }
  // What a reply means. Pure.
  virtual Verdict judge(const Response& response, const Sent& sent) const = 0;
};

}  // namespace waybill::outputs::http
