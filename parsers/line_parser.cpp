// SPDX-License-Identifier: Apache-2.0
#include "parsers/line_parser.h"

#include <algorithm>

#include "core/canonical.h"
#include "core/json_text.h"
#include "parsers/common/repair.h"
#include "parsers/errors/errors.h"

namespace waybill::parsers {

namespace {

// "10:22:17", "[10:22:17.5]"
bool begins_with_clock(std::string_view line) {
  size_t at = line.find_first_not_of(" [(");
  if (at == line.npos || line.size() - at < 8) return false;
  auto digit = [&](size_t i) { return line[at + i] >= '0' && line[at + i] <= '9'; };
  return digit(0) && digit(1) && line[at + 2] == ':' && digit(3) && digit(4) && line[at + 5] == ':';
}

// A clock without a day and a zone was read in the default one. If it is whole quarter hours off
// the moment at which its envelope was written, that is the zone it was written in.
void settle_zone(Record& record, int64_t written_ns) {
  constexpr int64_t second = 1'000'000'000;
  constexpr int64_t quarter = 900 * second;
  constexpr int64_t farthest = 14 * 4 * quarter;  // of any zone
  int64_t off = record.time_ns - written_ns;
  if (off < -farthest - second || off > farthest + second) return;
  int64_t quarters = (off + (off < 0 ? -quarter / 2 : quarter / 2)) / quarter;
  int64_t rest = off - quarters * quarter;
  if (quarters == 0 || rest < -2 * second || rest > 2 * second) return;
  record.time_ns -= quarters * quarter;
  record.time_zoneless = false;
}

}  // namespace

LineParser::LineParser(const Settings& settings, const std::vector<std::string>& formats)
    : zone_(settings.default_zone),
      unwraps_(std::find(formats.begin(), formats.end(), "auto") != formats.end()) {
  for (const Descriptor* descriptor : registry()) {
    auto parser = descriptor->make(settings);
    if (!parser) continue;
    std::vector<std::string_view> forms;
    if (descriptor->forms != nullptr) forms = descriptor->forms(settings);
    all_.push_back(Entry{descriptor->name, std::move(parser), std::move(forms)});
  }
  for (const std::string& format : formats) {
    if (format == "auto") {
      auto_.insert(auto_.end(), all_.begin(), all_.end());
      continue;
    }
    for (const Descriptor* descriptor : registry()) add(*descriptor, settings, format);
  }
}

// A parser by its name, or one that knows this form alone.
void LineParser::add(const Descriptor& descriptor, const Settings& settings,
                     const std::string& format) {
  auto known = std::find_if(all_.begin(), all_.end(),
                            [&](const Entry& entry) { return entry.name == descriptor.name; });
  if (known == all_.end()) return;
  if (known->name == format) {
    auto_.push_back(*known);
  } else if (std::find(known->forms.begin(), known->forms.end(), format) != known->forms.end()) {
    Settings own = settings;
    own.forms = {format};
    auto_.push_back(Entry{known->name, descriptor.make(own), {}});
  }
}

bool LineParser::wanted(const Entry& entry, const Source& source) {
  return entry.name == source.format ||
         std::find(entry.forms.begin(), entry.forms.end(), source.format) != entry.forms.end();
}

void LineParser::parse(Batch& batch, Record& record) {
  forget();
  Wrapping wrapping = unwrap(batch, record);
  parse(batch, record, wrapping);
  if (errors::may_hold_error(record)) errors::note_error(batch, record);
}

void LineParser::parse(Batch& batch, Record& record, const Wrapping& wrapping) {
  const Source& source = batch.source_of(record);
  std::string_view line = record.line;
  record.line = wrapping.inside;
  record.time_ns = wrapping.near_ns;
  parse_inside(batch, record, source, wrapping.depth > 0);
  record.line = line;
  if (record.time_said && record.time_zoneless && wrapping.depth > 0) {
    const Envelope& nearest = envelopes_[wrapping.first + wrapping.depth - 1];
    bool zoned = nearest.time && !nearest.time->zoneless;
    if (zoned && begins_with_clock(wrapping.inside)) settle_zone(record, nearest.time->ns);
  }
  for (uint32_t i = wrapping.depth; i-- > 0;) apply(batch, record, envelopes_[wrapping.first + i]);
}

bool LineParser::claims(const Batch& batch, const Record& record, const Wrapping& wrapping) {
  const Source& source = batch.source_of(record);
  if (source.format != "auto" && wrapping.depth == 0) return false;
  return std::any_of(auto_.begin(), auto_.end(), [&](const Entry& entry) {
    return entry.parser->claims(wrapping.inside, source, wrapping.near_ns);
  });
}

Wrapping LineParser::unwrap(Batch& batch, Record& record) {
  Wrapping wrapping{record.line, record.time_ns, envelopes_.size(), 0, {}};
  const Source& source = batch.source_of(record);
  while (take_off(batch, record, source, wrapping)) {
  }
  return wrapping;
}

void LineParser::unwrap_inside(Batch& batch, Record& record, Wrapping& wrapping) {
  const Source& source = batch.source_of(record);
  // Its envelopes have to stand together.
  uint32_t first = envelopes_.size();
  for (uint32_t i = 0; i < wrapping.depth; ++i) {
    Envelope copy = envelopes_[wrapping.first + i];
    copy.partial = false;
    envelopes_.add() = std::move(copy);
  }
  wrapping.first = first;
  while (take_off(batch, record, source, wrapping)) {
  }
}

// The outermost of what is inside.
bool LineParser::take_off(Batch& batch, Record& record, const Source& source, Wrapping& wrapping) {
  bool any = source.format == "auto" && unwraps_;
  if (wrapping.depth == kDeepest || (!any && wrapping.depth > 0 && source.format == "auto")) {
    return false;
  }
  if (wrapping.depth > 0 && envelopes_[envelopes_.size() - 1].partial) return false;
  EnvelopeContext context{batch.arena, zone_, wrapping.near_ns};
  Envelope& envelope = envelopes_.add();
  for (const EnvelopeKind& kind : envelope_kinds()) {
    if (!any && wrapping.depth == 0 && kind.name != source.format) continue;
    if (!kind.unwrap(wrapping.inside, context, envelope)) continue;
    if (kind.name == "syslog" && !is_utf8(wrapping.inside)) {
      // What is taken out of it are texts: the repair comes first. It makes names longer, perhaps
      // too long.
      record.marks.repaired = true;
      if (!kind.unwrap(repair_utf8(wrapping.inside, batch.arena), context, envelope)) continue;
    }
    wrapping.inside = envelope.inside;
    // A clock inside is of the envelope's day, not of today.
    if (envelope.time) wrapping.near_ns = envelope.time->ns;
    ++wrapping.depth;
    return true;
  }
  envelopes_.take_back();
  return false;
}

void LineParser::parse_inside(Batch& batch, Record& record, const Source& source, bool wrapped) {
  const bool any = wrapped || source.format == "auto";
  for (const Entry& entry : any ? auto_ : all_) {
    if (!any && !wanted(entry, source)) continue;
    if (entry.parser->parse(batch, record) == Outcome::kParsed) return;
  }
  std::string_view line = record.line;
  if (!is_utf8(line)) {
    line = repair_utf8(line, batch.arena);
    record.marks.repaired = true;
  }
  record.format = "none";
  record.message = raw_text(line);
}

namespace {

// Whether the line's own fields have a member called so.
bool has_member(const Batch& batch, const Record& record, std::string_view key) {
  bool found = false;
  for_each_context_member(batch, record, [&](const Member& member) {
    found = found || (member.suffix == 0 && member.key.bytes() == key);
  });
  return found;
}

}  // namespace

// What the line inside said itself counts more than its envelope.
void LineParser::apply(Batch& batch, Record& record, const Envelope& envelope) {
  if (record.passed != nullptr) return;
  if (record.format == "text" || record.format == "none") record.format = envelope.format;
  if (!record.time_said && envelope.time) {
    record.time_ns = envelope.time->ns;
    record.time_digits = envelope.time->digits;
    record.time_said = true;
    record.time_zoneless = envelope.time->zoneless;
  }
  if (!record.level_said && envelope.severity) {
    record.level = envelope.severity->level;
    record.severity = envelope.severity->number;
    record.level_said = true;
  }
  if (record.stream.empty()) record.stream = envelope.stream;
  auto add = [&](Field field) {
    std::string_view key = field.key.bytes();
    if (has_member(batch, record, key)) {
      char* name = batch.arena.allocate(key.size() + 2);
      std::copy(key.begin(), key.end(), name);
      name[key.size()] = '_';
      name[key.size() + 1] = '2';
      field.key = raw_text({name, key.size() + 2});
    }
    if (record.field_count == 0) record.first_field = static_cast<uint32_t>(batch.fields.size());
    batch.fields.push_back(field);
    ++record.field_count;
  };
  if (!envelope.program.empty()) {
    if (!record.logger) {
      record.logger = raw_text(envelope.program);
    } else {
      Field program;
      program.key = raw_text("program");
      program.value = raw_text(envelope.program);
      add(program);
    }
  }
  for (const Field& field : envelope.fields) add(field);
}

std::vector<std::string_view> LineParser::candidates(const Source& source) const {
  std::vector<std::string_view> names;
  const bool any = source.format == "auto";
  for (const Entry& entry : any ? auto_ : all_) {
    if (any || wanted(entry, source)) names.push_back(entry.name);
  }
  return names;
}

}  // namespace waybill::parsers
