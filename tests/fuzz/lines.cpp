// SPDX-License-Identifier: Apache-2.0
// Whole lines through parsers, lineage and every encoder: byte 0 says how the source is configured,
// the rest are lines of one batch. Whatever comes in, what goes out is JSON, in UTF-8, without a
// key twice, and a line of text keeps every byte of its message.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/canonical.h"
#include "core/json_text.h"
#include "core/test_support.h"
#include "lineage/record_id.h"
#include "lineage/trace_context.h"
#include "outputs/elasticsearch/encoder.h"
#include "outputs/http/http_settings.h"
#include "outputs/loki/encoder.h"
#include "outputs/otlp/encoder.h"
#include "parsers/event_reader.h"
#include "parsers/multiline/rules.h"
#include "tests/fuzz/target.h"

namespace waybill::fuzz {

namespace {

constexpr int64_t kNow = 1'767'323'045'000'000'000;  // 2026-01-02T03:04:05Z

// Everything that is made once: a fuzzer runs a target thousands of times a second.
struct World {
  World() {
    identity.service_name = "checkout \"blue\"";
    identity.resource = {{"host.name", "box"}, {"team", "a\tb"}};
    identity.resource_json = R"({"host.name":"box","team":"a\tb"})";
    outputs::http::Url url = *outputs::http::parse_url("http://127.0.0.1:1");
    outputs::elasticsearch::Settings flat;
    flat.data_stream = "logs-checkout-default";
    outputs::elasticsearch::Settings ecs = flat;
    flat.mapping = outputs::elasticsearch::Mapping::kFlat;
    auto add = [&](std::unique_ptr<outputs::http::Backend> made, bool bulk) {
      FUZZ_CHECK(made->prepare(identity).has_value());
      backends.push_back({std::move(made), bulk});
    };
    add(std::make_unique<outputs::loki::Backend>(outputs::loki::Settings{}, std::vector{url}),
        false);
    add(std::make_unique<outputs::elasticsearch::Backend>(ecs, std::vector{url}), true);
    add(std::make_unique<outputs::elasticsearch::Backend>(flat, std::vector{url}), true);
    add(std::make_unique<outputs::otlp::Backend>(outputs::otlp::Settings{}, std::vector{url}),
        false);
    parsers::Settings settings;
    if (auto berlin = parsers::TimeZone::find("Europe/Berlin")) settings.default_zone = *berlin;
    const std::vector<std::string> formats{"auto"};
    reader = std::make_unique<parsers::EventReader>(settings, formats, budget);
    settings.patterns = patterns();
    auto rules = parsers::multiline::Rules::compile({{"^B", ""}, {"^C", "^c"}, {"", "^[+]"}});
    FUZZ_CHECK(rules.has_value());
    settings.multiline.rules = *rules;
    own = std::make_unique<parsers::EventReader>(settings, formats, budget);
  }

  // Names of every kind and every type, over both notations.
  static std::vector<parsers::UserPattern> patterns() {
    return {
        {"whole",
         R"(^#(?P<time>\S*) (?P<level>\w*) (?P<error.type>\w+)?:(?P<message>.*)$)",
         "",
         {}},
        {"part",
         R"((?P<a>\d+)(?P<unit>[a-z]*) (?P<trace_id>\w+)?(?P<id>x)?(?P<level_text>y)?;)",
         "",
         {{"a", "int"}, {"unit", "bool"}}},
        {"form",
         "",
         "<%{ts->} %{n}|%{took}|%{+took}|%{size}> %{msg}",
         {{"ts", "float"}, {"n", "float"}, {"took", "duration"}, {"size", "bytes"}}},
    };
  }

  struct Encoder {
    std::unique_ptr<outputs::http::Backend> backend;
    bool bulk;  // its slices are two lines of JSON
  };
  Identity identity;
  std::vector<Encoder> backends;
  ByteBudget budget{256 << 20};
  std::unique_ptr<parsers::EventReader> reader;
  std::unique_ptr<parsers::EventReader> own;  // with patterns and rules of the user's
};

std::shared_ptr<const Source> source_of(unsigned how) {
  constexpr const char* formats[] = {"auto", "json", "logfmt", "text"};
  auto source = std::make_shared<Source>();
  source->input = "in\"put";
  source->format = formats[how & 3];
  source->network = (how & 4) != 0;
  source->trust_service = (how & 8) == 0;
  source->path = (how & 16) != 0 ? "/var/log/a\nb.log" : "";
  return source;
}

void fill(Batch& batch, std::string_view text, std::shared_ptr<const Source> source) {
  batch.reset(text.size());
  batch.sources.push_back(std::move(source));
  if (!text.empty()) std::memcpy(batch.room().data(), text.data(), text.size());
  batch.commit(text.size());
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    Record& record = batch.records.emplace_back();
    record.line = {batch.bytes() + at, end - at};
    record.offset = at;
    record.read_ns = record.time_ns = kNow;
    at = end + 1;
  }
}

// No key twice at any depth. Parts of a record that passes through stand as they came.
void check_json(std::string_view json, bool keys) {
  int depth = 0;
  FUZZ_CHECK(is_json(json, depth));
  if (!keys || depth > static_cast<int>(JsonWalker::kMaxDepth)) return;
  testing::Lines again;
  WalkOutcome outcome;
  again.put_json(json, &outcome);
  FUZZ_CHECK(outcome == WalkOutcome::kObject);
  FUZZ_CHECK(again.record().marks.duplicate_keys == 0);
}

// Whether the last lines end in those of the message: a frame that came as a record of its own has
// left its prefix out of the message of the record that it was added to.
bool ends_as(std::string_view lines, std::string_view message) {
  for (;;) {
    size_t line = lines.rfind('\n') + 1;  // npos: 0
    size_t wanted = message.rfind('\n') + 1;
    if (!lines.substr(line).ends_with(message.substr(wanted))) return false;
    if (wanted == 0) return true;
    if (line == 0) return false;
    lines = lines.substr(0, line - 1);
    message = message.substr(0, wanted - 1);
  }
}

void check_text_kept(const Record& record) {
  Buffer message;
  append_characters(message, record.message);
  bool altered = record.marks.repaired || record.line.find('\x1b') != record.line.npos;
  if (altered) return;
  if (record.format == "text") FUZZ_CHECK(ends_as(record.line, message.view()));
  if (record.format == "none") FUZZ_CHECK(record.line == message.view());
}

void check_ids(const Record& record) {
  auto hex = [](Text id, size_t size) {
    constexpr std::string_view digits = "0123456789abcdef";
    return !id ||
           (id.size == size && id.bytes().find_first_not_of(digits) == std::string_view::npos &&
            id.bytes().find_first_not_of('0') != std::string_view::npos);
  };
  FUZZ_CHECK(hex(record.trace_id, 32));
  FUZZ_CHECK(hex(record.span_id, 16));
  FUZZ_CHECK(hex(record.parent_span_id, 16));
  if (record.passed == nullptr) {
    FUZZ_CHECK(record.trace_id || record.trace_origin == TraceOrigin::kNone);
  }
}

void encode_all(World& world, const Batch& batch) {
  for (World::Encoder& encoder : world.backends) {
    delivery::Payload payload(world.budget);
    std::vector<uint32_t> picks;
    for (const Record& record : batch.records) {
      picks.push_back(static_cast<uint32_t>(payload.slices.size()));
      encoder.backend->append(batch, record, payload);
      FUZZ_CHECK(payload.slices.size() == picks.size());
      if (!encoder.bulk) continue;
      const delivery::Slice& slice = payload.slices.back();
      std::string_view two =
          payload.groups[slice.group].bytes.view().substr(slice.begin, slice.size);
      FUZZ_CHECK(std::count(two.begin(), two.end(), '\n') == 2 && two.back() == '\n');
      size_t middle = two.find('\n');
      check_json(two.substr(0, middle), true);
      check_json(two.substr(middle + 1, two.size() - middle - 2), record.passed == nullptr);
    }
    delivery::Body body;
    encoder.backend->compose(payload, picks, body);
    FUZZ_CHECK(body.plain_size > 0 || picks.empty());
  }
}

void check_records(World& world, Batch& batch) {
  Buffer json;
  for (Record& record : batch.records) {
    FUZZ_CHECK(!record.format.empty());
    lineage::resolve_trace(batch, record);
    if (record.passed == nullptr) {
      record.id = lineage::record_id(batch.source_of(record).nonce, record);
    }
    check_text_kept(record);
    check_ids(record);
    json.clear();
    append_canonical(json, batch, record, world.identity, part::kAll);
    check_json(json.view(), record.passed == nullptr);
  }
  encode_all(world, batch);
}

}  // namespace

void lines(std::string_view input) {
  if (input.empty()) return;
  static World world;
  Batch batch(world.budget);
  fill(batch, input.substr(1), source_of(static_cast<unsigned char>(input[0])));
  const bool with_patterns = (static_cast<unsigned char>(input[0]) & 32) != 0;
  parsers::EventReader& reader = with_patterns ? *world.own : *world.reader;
  reader.begin_slice(batch);
  reader.read(batch, false);
  check_records(world, batch);
  // What might have gone on.
  Batch rest(world.budget);
  rest.reset(0);
  while (reader.take_due(rest, SteadyTime::max())) {
    check_records(world, rest);
    rest.reset(0);
  }
}

}  // namespace waybill::fuzz
