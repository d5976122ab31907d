// SPDX-License-Identifier: Apache-2.0
// The envelopes of container runtimes: CRI's text and Docker's json-file.
#include <array>
#include <cstring>

#include "core/batch.h"
#include "core/canonical.h"
#include "core/json_text.h"
#include "core/json_walker.h"
#include "parsers/envelopes/envelope.h"

namespace waybill::parsers {

void Envelope::add(std::string_view name, std::string_view value, JsonType type) {
  Field field;
  field.key = raw_text(name);
  field.value = type == JsonType::kString ? raw_text(value) : Text(value, TextForm::kClean);
  field.type = type;
  fields.push_back(field);
}

bool unwrap_cri(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  size_t blank = line.find(' ');
  if (blank == std::string_view::npos || blank < 20 || blank > 36 || line[10] != 'T') return false;
  std::string_view rest = line.substr(blank + 1);
  bool out = rest.starts_with("stdout ");
  if (!out && !rest.starts_with("stderr ")) return false;
  rest.remove_prefix(7);
  // Tags are separated by ':'; the first is P (the line goes on) or F (it ends): Kubernetes' CRI
  // logging format.
  if (rest.empty() || (rest[0] != 'F' && rest[0] != 'P')) return false;
  size_t tags = std::min(rest.find(' '), rest.size());
  if (tags > 1 && rest[1] != ':') return false;
  auto time = time_of_text(line.substr(0, blank), context.zone, context.near_ns);
  if (!time) return false;
  envelope.clear();
  envelope.format = "cri";
  envelope.time = time;
  envelope.stream = out ? "stdout" : "stderr";
  envelope.partial = rest[0] == 'P';
  envelope.inside = rest.substr(std::min(tags + 1, rest.size()));
  return true;
}

namespace {

// A string's characters, without the line end that Docker keeps, with room behind them.
std::string_view content_of(Text text, Arena& arena, bool& ended) {
  std::string_view content = characters(text, arena);
  ended = content.ends_with('\n');
  if (ended) content.remove_suffix(1);
  if (content.ends_with('\r')) content.remove_suffix(1);
  if (text.form != TextForm::kJson) return content;  // within the line
  char* copy = arena.allocate(content.size() + kPadding);
  std::memcpy(copy, content.data(), content.size());
  std::memset(copy + content.size(), 0, kPadding);
  return {copy, content.size()};
}

}  // namespace

bool unwrap_docker(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  if (!line.starts_with('{')) return false;
  size_t key = line.find_first_not_of(" \t", 1);
  if (key == std::string_view::npos || !line.substr(key).starts_with("\"log\"")) return false;
  thread_local JsonWalker walker;
  thread_local std::vector<Token> tokens;
  tokens.clear();
  uint32_t duplicates = 0;
  if (walker.walk(line, tokens, duplicates) != WalkOutcome::kObject) return false;
  Record record;
  record.json = line.data();
  envelope.clear();
  envelope.format = "docker";
  bool has_log = false;
  bool sound = true;
  size_t members = 0;
  for_each_inside(record, tokens.data(), [&](const Member& member) {
    std::string_view name = member.key.bytes();
    bool text = member.type == JsonType::kString;
    ++members;
    if (name == "log" && text) {
      bool ended = false;
      envelope.inside = content_of(member.text, context.arena, ended);
      envelope.partial = !ended;
      has_log = true;
    } else if (name == "stream" && text) {
      std::string_view stream = member.text.bytes();
      sound = sound && (stream == "stdout" || stream == "stderr");
      envelope.stream = stream;
    } else if (name == "time" && text) {
      envelope.time = time_of_text(member.text.bytes(), context.zone, context.near_ns);
    } else if (name == "attrs" && member.type == JsonType::kObject) {
      for_each_inside(record, member.token, [&](const Member& inner) {
        if (inner.type != JsonType::kString) return;
        Field field;
        field.key = inner.key;
        field.value = inner.text;
        envelope.fields.push_back(field);
      });
    } else {
      sound = false;  // some program's own line with a `log`
    }
  });
  if (!has_log || !sound) return false;
  if (members == 1) envelope.partial = false;
  return members == 1 || (envelope.time && !envelope.stream.empty());
}

std::span<const EnvelopeKind> envelope_kinds() {
  static constexpr std::array kinds = {
      EnvelopeKind{"cri", unwrap_cri}, EnvelopeKind{"docker", unwrap_docker},
      EnvelopeKind{"syslog", unwrap_syslog}, EnvelopeKind{"collected", unwrap_collected}};
  return kinds;
}

}  // namespace waybill::parsers
