// SPDX-License-Identifier: Apache-2.0
// A tree of sets of code points becomes a nondeterministic automaton over bytes (Thompson), and
// that a deterministic one (the subset construction), as long as both stay small.
#include "contract/automaton.h"

#include <algorithm>
#include <map>

#include "contract/automaton_tree.h"

namespace waybill::contract {

namespace {

constexpr uint32_t kMostNodes = 4000;
constexpr size_t kMostCells = 16'384;    // of the table
constexpr size_t kMostWork = 4'000'000;  // nodes that are looked at

struct Limit {};  // thrown and caught in this file: it is too large

}  // namespace

class AutomatonMaker {
 public:
  explicit AutomatonMaker(const PatternTree& tree) : tree_(tree) {
    nodes_.push_back({Kind::kMatch, 0, 0, 0, 0});
    first_ = compile(*tree.root, 0);
  }

  Automaton run() {
    find_classes();
    done_.end_ = width_ - 1;
    done_.found_ = width_;
    state_of({});                                                                    // has lost
    done_.table_.insert(done_.table_.end(), width_, static_cast<uint16_t>(width_));  // has won
    sets_.push_back(nullptr);
    std::vector<uint32_t> start;
    reach(first_, start);
    done_.start_ = state_of(closed(std::move(start)));
    for (uint32_t i = 2; i < sets_.size(); ++i) fill(i);
    return std::move(done_);
  }

 private:
  enum class Kind : uint8_t { kBytes, kSplit, kMatch };
  struct Node {
    Kind kind;
    uint8_t low, high;      // of kBytes
    uint32_t next, second;  // second: of kSplit
  };

  uint32_t add(Node node) {
    if (nodes_.size() == kMostNodes) throw Limit();
    nodes_.push_back(node);
    return static_cast<uint32_t>(nodes_.size() - 1);
  }

  // The node at which it begins, when `next` is to follow.
  uint32_t compile(const PatternNode& node, uint32_t next) {
    // What is repeated may be empty, and adds no nodes then.
    if (++work_ > kMostWork) throw Limit();
    switch (node.kind) {
      case PatternNode::Kind::kSet: return set(node.set, next);
      case PatternNode::Kind::kSequence:
        for (size_t i = node.parts.size(); i-- > 0;) next = compile(*node.parts[i], next);
        return next;
      case PatternNode::Kind::kChoice: {
        uint32_t all = compile(*node.parts.back(), next);
        for (size_t i = node.parts.size() - 1; i-- > 0;) {
          all = add({Kind::kSplit, 0, 0, compile(*node.parts[i], next), all});
        }
        return all;
      }
      case PatternNode::Kind::kRepeat: break;
    }
    const PatternNode& one = *node.parts.front();
    uint32_t at = next;
    if (node.most == PatternNode::kEndless) {
      at = add({Kind::kSplit, 0, 0, 0, next});
      uint32_t body = compile(one, at);
      nodes_[at].next = body;
    } else {
      for (uint32_t i = node.least; i < node.most; ++i) {
        at = add({Kind::kSplit, 0, 0, compile(one, at), next});
      }
    }
    for (uint32_t i = 0; i < node.least; ++i) at = compile(one, at);
    return at;
  }

  uint32_t set(const std::vector<PointRange>& ranges, uint32_t next) {
    uint32_t all = UINT32_MAX;
    auto add_sequence = [&](const uint8_t* low, const uint8_t* high, size_t size) {
      uint32_t at = next;
      for (size_t i = size; i-- > 0;) at = add({Kind::kBytes, low[i], high[i], at, 0});
      all = all == UINT32_MAX ? at : add({Kind::kSplit, 0, 0, at, all});
    };
    for (const PointRange& range : ranges) {
      split(range.first, std::min(range.last, 0xD7FFu), add_sequence);
      split(std::max(range.first, 0xE000u), range.last, add_sequence);
    }
    // Nothing matches: bytes from high to low are none.
    return all == UINT32_MAX ? add({Kind::kBytes, 1, 0, next, 0}) : all;
  }

  // Cuts a range of code points into sequences of ranges of bytes.
  template <typename Add>
  void split(uint32_t first, uint32_t last, Add&& add_sequence) {
    if (first > last) return;
    for (uint32_t most : {0x7Fu, 0x7FFu, 0xFFFFu}) {
      if (first > most || last <= most) continue;
      split(first, most, add_sequence);
      return split(most + 1, last, add_sequence);
    }
    uint8_t low[4], high[4];
    if (last < 0x80) {
      low[0] = static_cast<uint8_t>(first);
      high[0] = static_cast<uint8_t>(last);
      return add_sequence(low, high, 1);
    }
    for (uint32_t bits = 6; bits <= 18; bits += 6) {
      uint32_t mask = (1u << bits) - 1;
      if ((first & ~mask) == (last & ~mask)) continue;
      if ((first & mask) != 0) {
        split(first, first | mask, add_sequence);
        return split((first | mask) + 1, last, add_sequence);
      }
      if ((last & mask) != mask) {
        split(first, (last & ~mask) - 1, add_sequence);
        return split(last & ~mask, last, add_sequence);
      }
    }
    encode(last, high);
    add_sequence(low, high, encode(first, low));
  }

  static size_t encode(uint32_t point, uint8_t* out) {
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = size; i-- > 1; point >>= 6)
      out[i] = static_cast<uint8_t>(0x80 | (point & 0x3F));
    constexpr uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = static_cast<uint8_t>(lead[size] | point);
    return size;
  }

  void find_classes() {
    std::array<bool, 257> begins{};
    begins[0] = true;
    for (const Node& node : nodes_) {
      if (node.kind != Kind::kBytes || node.low > node.high) continue;
      begins[node.low] = true;
      begins[size_t{node.high} + 1] = true;
    }
    uint32_t now = UINT32_MAX;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      if (begins[byte]) {
        ++now;
        examples_.push_back(static_cast<uint8_t>(byte));
      }
      done_.classes_[byte] = static_cast<uint8_t>(now);
    }
    width_ = now + 2;  // and the end of the text
  }

  // Adds what is reached from a node without a byte.
  void reach(uint32_t from, std::vector<uint32_t>& found) {
    stack_.assign(1, from);
    while (!stack_.empty()) {
      uint32_t at = stack_.back();
      stack_.pop_back();
      if (marks_.size() < nodes_.size()) marks_.resize(nodes_.size());
      if (marks_[at] == round_) continue;
      marks_[at] = round_;
      if (++work_ > kMostWork) throw Limit();
      const Node& node = nodes_[at];
      if (node.kind == Kind::kSplit) {
        stack_.push_back(node.second);
        stack_.push_back(node.next);
      } else {
        found.push_back(at);
      }
    }
  }

  std::vector<uint32_t> closed(std::vector<uint32_t> found) {
    ++round_;
    std::sort(found.begin(), found.end());
    return found;
  }

  // Where its row begins.
  uint32_t state_of(std::vector<uint32_t> set) {
    bool match = !set.empty() && set.front() == 0;
    // Whatever follows.
    if (match && !tree_.to_end) return done_.found_;
    auto [found, fresh] = states_.emplace(std::move(set), static_cast<uint32_t>(sets_.size()));
    if (fresh) {
      sets_.push_back(&found->first);
      done_.table_.resize(done_.table_.size() + width_);
      if (done_.table_.size() > kMostCells) throw Limit();
      done_.table_.back() = match;
    }
    return found->second * width_;
  }

  void fill(uint32_t state) {
    for (uint32_t i = 0; i < done_.end_; ++i) {
      uint8_t byte = examples_[i];
      std::vector<uint32_t> found;
      for (uint32_t at : *sets_[state]) {
        const Node& node = nodes_[at];
        if (++work_ > kMostWork) throw Limit();
        if (node.kind == Kind::kBytes && node.low <= byte && byte <= node.high) {
          reach(node.next, found);
        }
      }
      // A match may begin anywhere.
      if (!tree_.from_start) reach(first_, found);
      uint32_t next = state_of(closed(std::move(found)));
      done_.table_[state * width_ + i] = static_cast<uint16_t>(next);
    }
  }

  const PatternTree& tree_;
  std::vector<Node> nodes_;
  uint32_t first_ = 0;
  uint32_t width_ = 0;             // of a row
  std::vector<uint8_t> examples_;  // a byte of each class
  std::map<std::vector<uint32_t>, uint32_t> states_;
  std::vector<const std::vector<uint32_t>*> sets_;
  std::vector<uint32_t> stack_, marks_;
  uint32_t round_ = 1;
  size_t work_ = 0;
  Automaton done_;
};

bool Automaton::matches_all(std::span<const std::string_view> places) const {
  std::vector<uint32_t> states{start_};
  for (std::string_view place : places) {
    std::vector<uint32_t> next;
    for (uint32_t state : states) {
      for (char c : place) {
        uint32_t at = table_[state + classes_[static_cast<unsigned char>(c)]];
        if (at == 0) return false;
        if (at != found_) next.push_back(at);
      }
    }
    std::sort(next.begin(), next.end());
    next.erase(std::unique(next.begin(), next.end()), next.end());
    states = std::move(next);
  }
  return std::all_of(states.begin(), states.end(),
                     [&](uint32_t state) { return table_[state + end_] != 0; });
}

std::optional<Automaton> Automaton::make(std::string_view re2) {
  auto tree = parse_pattern(re2);
  if (!tree) return std::nullopt;
  try {
    return AutomatonMaker(*tree).run();
  } catch (const Limit&) {
    return std::nullopt;
  }
}

}  // namespace waybill::contract
