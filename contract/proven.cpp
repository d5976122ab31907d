// SPDX-License-Identifier: Apache-2.0
#include "contract/proven.h"

#include <algorithm>
#include <vector>

#include "core/level.h"

namespace waybill::contract {

namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHex = "0123456789abcdef";

// Texts with one of these characters at each place.
using Places = std::vector<std::string_view>;

bool has(const Places& places, std::string_view text) {
  if (text.size() != places.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (places[i].find(text[i]) == std::string_view::npos) return false;
  }
  return true;
}

// The form of a slot: every text that we write there is in one of these.
std::vector<Places> form_of(Slot slot) {
  std::vector<Places> all;
  switch (slot) {
    case Slot::kTimestamp: {
      static constexpr std::string_view kWhole = "0000-00-00T00:00:00.";
      for (size_t digits = 3; digits <= 9; ++digits) {
        Places& places = all.emplace_back();
        for (const char& c : kWhole) {
          places.push_back(c == '0' ? kDigits : std::string_view(&c, 1));
        }
        places.insert(places.end(), digits, kDigits);
        places.emplace_back("Z");
      }
      break;
    }
    case Slot::kTraceId: all.emplace_back(32, kHex); break;
    case Slot::kSpanId: all.emplace_back(16, kHex); break;
    case Slot::kLevel:
      for (Level level :
           {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError, Level::kFatal}) {
        Places& places = all.emplace_back();
        std::string_view name = level_name(level);
        for (size_t i = 0; i < name.size(); ++i) places.push_back(name.substr(i, 1));
      }
      break;
    default: break;
  }
  return all;
}

bool is_word(const Places& places) {
  return std::all_of(places.begin(), places.end(),
                     [](std::string_view place) { return place.size() == 1; });
}

class Proof {
 public:
  Proof(const Program& program, Slot slot) : program_(program), slot_(slot), form_(form_of(slot)) {}

  bool takes(const Schema& schema) const {
    if (!schema.flat || form_.empty()) return false;
    const Instruction* code = program_.instructions.data() + schema.first;
    return std::all_of(code, code + schema.count,
                       [&](const Instruction& one) { return takes(one); });
  }

 private:
  bool takes(const Instruction& code) const {
    switch (code.op) {
      case Op::kType: return (code.a & type_bit(JsonType::kString)) != 0;
      case Op::kEnum: return chooses_all(program_.choices[code.a]);
      case Op::kBound:
      case Op::kMultiple: return true;  // about numbers
      case Op::kLength:
        return std::all_of(form_.begin(), form_.end(), [&](const Places& places) {
          return code.keyword == Keyword::kMinLength ? places.size() >= code.a
                                                     : places.size() <= code.a;
        });
      case Op::kPattern:
        return std::all_of(form_.begin(), form_.end(), [&](const Places& places) {
          return program_.patterns[code.a]->matches_all(places);
        });
      case Op::kFormat:
        return slot_ == Slot::kTimestamp && static_cast<Format>(code.a) == Format::kDateTime;
      case Op::kNot: return takes_none(program_.schemas[code.a]);
      default: return false;
    }
  }

  // Whether each text of the form is one of these: only of words can that be so.
  bool chooses_all(const Choice& choice) const {
    return std::all_of(form_.begin(), form_.end(), [&](const Places& places) {
      return is_word(places) && std::any_of(choice.items.begin(), choice.items.end(),
                                            [&](const auto& item) { return is(item, places); });
    });
  }
  // Whether no text that we write is valid under the schema; told of an enum or const alone.
  bool takes_none(const Schema& schema) const {
    const Instruction& code = program_.instructions[schema.first];
    if (schema.count != 1 || code.op != Op::kEnum) return false;
    const auto& items = program_.choices[code.a].items;
    return std::none_of(items.begin(), items.end(), [&](const auto& item) {
      return !is_zeros(item) && std::any_of(form_.begin(), form_.end(),
                                            [&](const Places& places) { return is(item, places); });
    });
  }
  static bool is(const Choice::Item& item, const Places& places) {
    std::string scratch;
    return item.value.is(JsonType::kString) && has(places, decoded(item.value.text(), scratch));
  }
  // An id of zeros, which we never write.
  bool is_zeros(const Choice::Item& item) const {
    if (slot_ != Slot::kTraceId && slot_ != Slot::kSpanId) return false;
    std::string scratch;
    return item.value.is(JsonType::kString) &&
           decoded(item.value.text(), scratch).find_first_not_of('0') == std::string_view::npos;
  }

  const Program& program_;
  const Slot slot_;
  const std::vector<Places> form_;
};

void prove(Program& program, ObjectRules& rules) {
  std::array<uint32_t, kSlots> indices;
  indices.fill(kNone);
  bool any = false;
  for (uint32_t i = 0; i < rules.names; ++i) {
    const PropertyRule& rule = program.properties[rules.first_name + i];
    for (size_t slot = 0; slot < kSlots; ++slot) {
      if (kSlotNames[slot] != rule.name) continue;
      indices[slot] = i;
      any = true;
      // Of a name that is but required nothing more is said.
      bool right = rule.schema == kNone
                       ? rules.additional == kNone
                       : takes_all(program, program.schemas[rule.schema], static_cast<Slot>(slot));
      if (right) rules.proven |= slot_bit(static_cast<Slot>(slot));
    }
  }
  if (!any) return;
  rules.first_canonical = static_cast<uint32_t>(program.canonical.size());
  program.canonical.insert(program.canonical.end(), indices.begin(), indices.end());
}

static_assert(static_cast<size_t>(Slot::kTimestamp) == 0);

// Nothing but a type and the rules of an object's members.
bool is_sealed(const Program& program, const Schema& schema, const ObjectRules*& rules) {
  for (uint32_t i = 0; i < schema.count; ++i) {
    const Instruction& code = program.instructions[schema.first + i];
    if (code.op == Op::kObject) {
      rules = &program.objects[code.a];
    } else if (code.op != Op::kType) {
      return false;
    }
  }
  return rules != nullptr;
}

}  // namespace

bool takes_all(const Program& program, const Schema& schema, Slot slot) {
  return Proof(program, slot).takes(schema);
}

void prove_slots(Program& program) {
  for (ObjectRules& rules : program.objects) prove(program, rules);
  const ObjectRules* rules = nullptr;
  if (!is_sealed(program, program.schemas.front(), rules)) return;
  bool named =
      rules->first_canonical != kNone && program.canonical[rules->first_canonical] != kNone;
  bool asked =
      named ? (rules->proven & slot_bit(Slot::kTimestamp)) == 0 : rules->additional != kNone;
  program.time_unseen = rules->plain && rules->dependencies == 0 && !asked;
}

}  // namespace waybill::contract
