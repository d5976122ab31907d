// SPDX-License-Identifier: Apache-2.0
#include "parsers/line_parser.h"

#include <algorithm>
#include <iterator>

#include "core/canonical.h"
#include "core/json_text.h"
#include "parsers/common/repair.h"

namespace waybill::parsers {

LineParser::LineParser(const Settings& settings, const std::vector<std::string>& formats)
    : zone_(settings.default_zone),
      unwraps_(std::find(formats.begin(), formats.end(), "auto") != formats.end()) {
  for (const Descriptor* descriptor : registry()) {
    std::vector<std::string_view> forms;
    if (descriptor->forms != nullptr) forms = descriptor->forms();
    bool in_auto = std::any_of(formats.begin(), formats.end(), [&](const std::string& format) {
      return format == "auto" || format == descriptor->name;
    });
    Settings own = settings;
    if (!in_auto) {
      std::copy_if(formats.begin(), formats.end(), std::back_inserter(own.forms),
                   [&](const std::string& format) {
                     return std::find(forms.begin(), forms.end(), format) != forms.end();
                   });
      in_auto = !own.forms.empty();
    }
    entries_.push_back(Entry{descriptor->name, descriptor->make(own), std::move(forms), in_auto});
  }
}

bool LineParser::wanted(const Entry& entry, const Source& source) {
  if (source.format == "auto") return entry.in_auto;
  return entry.name == source.format ||
         std::find(entry.forms.begin(), entry.forms.end(), source.format) != entry.forms.end();
}

void LineParser::parse(Batch& batch, Record& record) {
  const Source& source = batch.source_of(record);
  std::string_view line = record.line;
  unwrap(batch, record, source);
  parse_inside(batch, record, source);
  record.line = line;
  for (size_t i = depth_; i-- > 0;) apply(batch, record, envelopes_[i]);
}

void LineParser::unwrap(Batch& batch, Record& record, const Source& source) {
  depth_ = 0;
  EnvelopeContext context{batch.arena, zone_, record.time_ns};
  bool any = source.format == "auto" ? unwraps_ : false;
  bool found = true;
  while (found && depth_ < kDeepest) {
    context.near_ns = record.time_ns;
    found = false;
    for (const EnvelopeKind& kind : envelope_kinds()) {
      if (!any && depth_ == 0 && kind.name != source.format) continue;
      Envelope& envelope = envelopes_[depth_];
      if (!kind.unwrap(record.line, context, envelope)) continue;
      if (kind.name == "syslog" && !is_utf8(record.line)) {
        // What is taken out of it are texts: the repair comes first.
        record.line = repair_utf8(record.line, batch.arena);
        record.marks.repaired = true;
        kind.unwrap(record.line, context, envelope);
      }
      record.line = envelope.inside;
      // A clock inside is of the envelope's day, not of today.
      if (envelope.time) record.time_ns = envelope.time->ns;
      ++depth_;
      found = true;
      break;
    }
    if (!any && depth_ == 0) return;
  }
}

void LineParser::parse_inside(Batch& batch, Record& record, const Source& source) {
  for (const Entry& entry : entries_) {
    if (depth_ > 0 ? !entry.in_auto : !wanted(entry, source)) continue;
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
  for (const Entry& entry : entries_) {
    if (wanted(entry, source)) names.push_back(entry.name);
  }
  return names;
}

}  // namespace waybill::parsers
