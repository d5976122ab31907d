// SPDX-License-Identifier: Apache-2.0
// Envelopes: what a container runtime or syslog puts around the line that a program printed. They
// are taken off before the line is parsed, and may stand inside each other.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/level.h"
#include "core/record.h"
#include "parsers/common/time.h"

namespace waybill::parsers {

// What an envelope says. Views into the line, the arena or constants.
struct Envelope {
  std::string_view format;  // "cri", "docker", "syslog" or "collected"
  std::string_view inside;  // kPadding bytes are readable behind it
  std::optional<Time> time;
  std::optional<Severity> severity;
  std::string_view stream;    // "stdout" or "stderr"
  std::string_view program;   // the logger, if the line inside names none
  std::string_view process;   // which of the program's, where it says so
  std::string_view host;      // on which host
  std::vector<Field> fields;  // for the context
  bool partial = false;       // what is inside goes on in the next one of its stream

  void clear() {
    format = inside = stream = program = process = host = {};
    time.reset();
    severity.reset();
    fields.clear();
    partial = false;
  }
  void add(std::string_view name, std::string_view value, JsonType type = JsonType::kString);
};

struct EnvelopeContext {
  Arena& arena;
  TimeZone& zone;
  int64_t near_ns;  // what a time without a year is near to
};

// Each takes its envelope off `line`: false when there is none, `envelope` is undefined then.

// "2026-01-02T03:04:05.678901234Z stdout F the line" (Kubernetes CRI logging format).
bool unwrap_cri(std::string_view line, const EnvelopeContext& context, Envelope& envelope);

// {"log":"the line\n","stream":"stdout","time":"2026-…Z"} (Docker's json-file driver). A `log`
// without its line end is partial. A `log` alone, without stream and time, is never.
bool unwrap_docker(std::string_view line, const EnvelopeContext& context, Envelope& envelope);

// "<34>1 2026-01-02T03:04:05Z host app 71 ID47 [sd@1 a="b"] the line" (RFC 5424),
// "<34>Jan  2 03:04:05 host app[71]: the line" (RFC 3164, with its many dialects), the same as
// syslog daemons write it to files, without priority; "<3>the line" (sd-daemon(3), kernel).
bool unwrap_syslog(std::string_view line, const EnvelopeContext& context, Envelope& envelope);

// "2026-01-02T03:04:05.678901234Z the line" (docker logs -t, kubectl logs --timestamps),
// "[pod/shop-7/main] the line" (kubectl logs --prefix), "web-1  | the line" (docker compose logs).
// The first and the last only where the line inside says itself that it is one.
bool unwrap_collected(std::string_view line, const EnvelopeContext& context, Envelope& envelope);

struct EnvelopeKind {
  std::string_view name;
  bool (*unwrap)(std::string_view line, const EnvelopeContext& context, Envelope& envelope);
};
// In the order in which they are tried.
std::span<const EnvelopeKind> envelope_kinds();

}  // namespace waybill::parsers
