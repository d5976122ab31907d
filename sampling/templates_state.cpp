// SPDX-License-Identifier: Apache-2.0
// Templates as bytes, and for people.
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

#include "sampling/hash.h"
#include "sampling/templates.h"

namespace waybill::sampling {

namespace {

constexpr std::string_view kMagic = "WBTEMPL2";
constexpr size_t kHeader = 8 + 4 * 8;  // magic; probe, count, size, XXH3
constexpr size_t kMostText = 4096;
// What our hashes are today: ids and words of another version mean nothing.
uint64_t probe() { return hash_of("how a word is hashed"); }

template <typename Integer>
void put(std::string& out, Integer value) {
  for (size_t i = 0; i < sizeof value; ++i, value = static_cast<Integer>(value >> 7 >> 1)) {
    out.push_back(static_cast<char>(value & 0xFF));
  }
}

// Takes integers and texts off the front; anything beyond the end is nothing, and `good` is false.
struct Reader {
  std::string_view rest;
  bool good = true;

  std::string_view bytes(size_t size) {
    if (size > rest.size()) {
      good = false;
      return {};
    }
    std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(size);
    return taken;
  }
  template <typename Integer>
  Integer number() {
    std::string_view taken = bytes(sizeof(Integer));
    uint64_t value = 0;
    for (size_t i = taken.size(); i > 0; --i) {
      value = value << 8 | static_cast<uint8_t>(taken[i - 1]);
    }
    return static_cast<Integer>(value);
  }
};

Error refused(std::string what) { return Error{Action::kDrop, std::move(what)}; }

}  // namespace

std::vector<Templates::Line> Templates::top(size_t most) const {
  std::vector<const Template*> order;
  for (size_t i = 0; i < used_; ++i) {
    if (templates_[i].records > 0) order.push_back(&templates_[i]);
  }
  const size_t size = std::min(most, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(size), order.end(),
                    [](const Template* a, const Template* b) {
                      return a->records != b->records ? a->records > b->records : a->id < b->id;
                    });
  std::vector<Line> lines;
  for (size_t i = 0; i < size; ++i)
    lines.push_back({order[i]->id, order[i]->records, order[i]->text});
  return lines;
}

std::string Templates::encode() const {
  std::string body;
  for (size_t i = 0; i < used_; ++i) {
    const Template& one = templates_[i];
    std::string_view text = std::string_view(one.text).substr(0, kMostText);
    put(body, one.id);
    put(body, static_cast<uint8_t>(one.words.size()));
    for (uint64_t word : one.words) put(body, word);
    put(body, static_cast<uint16_t>(text.size()));
    body += text;
  }
  std::string out(kMagic);
  put(out, probe());
  put(out, uint64_t{used_});
  put(out, uint64_t{body.size()});
  put(out, uint64_t{XXH3_64bits(body.data(), body.size())});
  return out + body;
}

Result<void> Templates::decode(std::string_view bytes) {
  Reader reader{bytes};
  std::string_view magic = reader.bytes(kMagic.size());
  if (bytes.size() < kHeader) return refused("it ends too soon");
  if (magic != kMagic) return refused("it is of a version that this one does not know");
  const auto hashes = reader.number<uint64_t>();
  const auto count = reader.number<uint64_t>();
  const auto size = reader.number<uint64_t>();
  const auto sum = reader.number<uint64_t>();
  if (reader.rest.size() != size) return refused("it ends too soon");
  if (XXH3_64bits(reader.rest.data(), reader.rest.size()) != sum) {
    return refused("its bytes are not what was written");
  }
  if (hashes != probe()) return refused("it is of a version that hashes words in another way");
  Templates made;
  if (count > kMost) return refused("it holds too many templates");
  for (uint64_t i = 0; i < count && reader.good; ++i) {
    Template one;
    one.id = reader.number<uint64_t>();
    const size_t words = std::min<size_t>(reader.number<uint8_t>(), kMostWords);
    for (size_t k = 0; k < words; ++k) one.words.push_back(reader.number<uint64_t>());
    one.text = reader.bytes(reader.number<uint16_t>());
    if (reader.good) made.enter(std::move(one));
  }
  if (!reader.good || !reader.rest.empty()) return refused("its parts do not fit together");
  *this = std::move(made);
  return {};
}

void Templates::enter(Template made) {
  const auto index = static_cast<uint32_t>(used_++);
  const uint64_t first = made.words.empty() ? 0 : made.words[0];
  made.head = static_cast<uint32_t>(mix(first, made.words.size()) % kHeads);
  made.serial = ++serial_;
  made.next = heads_[made.head];
  made.seen = true;
  heads_[made.head] = index;
  memory_[made.id % kRemembered] = {made.id, made.serial, index};
  templates_[index] = std::move(made);
}

}  // namespace waybill::sampling
