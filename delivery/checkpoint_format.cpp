// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <xxhash.h>

#include <cstring>
#include <type_traits>

#include "delivery/checkpoints.h"

namespace waybill::delivery {

namespace {

constexpr std::string_view kMagic = "WBCHKPT\n";
constexpr uint32_t kVersion = 3;  // 1 had no marks, 2 said nothing of rotated files
// magic, version, generation, size, hash
constexpr size_t kHeaderSize = 8 + 4 + 8 + 8 + 8;
constexpr size_t kVersionAt = 8, kGenerationAt = 12, kSizeAt = 20, kHashAt = 28;

template <typename T>
void put(std::string& out, T value) {
  static_assert(std::is_unsigned_v<T>);
  for (size_t i = 0; i < sizeof value; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<uint32_t>(text.size()));
  out.append(text);
}

template <typename T>
T number_at(std::string_view bytes, size_t at) {
  T value = 0;
  for (size_t i = 0; i < sizeof value; ++i) {
    value = static_cast<T>(value | static_cast<T>(static_cast<uint8_t>(bytes[at + i])) << (8 * i));
  }
  return value;
}

// Reads forward; after a read beyond the end, `ok` is false and every value is zero.
struct Reader {
  std::string_view rest;
  bool ok = true;

  std::string_view take(size_t size) {
    ok = ok && rest.size() >= size;
    if (!ok) return {};
    std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(size);
    return taken;
  }
  template <typename T>
  T number() {
    std::string_view bytes = take(sizeof(T));
    return ok ? number_at<T>(bytes, 0) : T{0};
  }
  std::string text() { return std::string(take(number<uint32_t>())); }
};

// The hash covers the generation, too: a header torn from another write must not pass.
uint64_t hash_of(uint64_t generation, std::string_view payload) {
  return XXH3_64bits_withSeed(payload.data(), payload.size(), generation);
}

inputs::FileCheckpoint read_checkpoint(Reader& reader, const std::string& input, uint32_t version) {
  inputs::FileCheckpoint file;
  file.input = input;
  file.path = reader.text();
  file.device = reader.number<uint64_t>();
  file.inode = reader.number<uint64_t>();
  file.head_size = reader.number<uint64_t>();
  file.head_hash = reader.number<uint64_t>();
  std::string_view nonce = reader.take(file.nonce.size());
  if (reader.ok) std::memcpy(file.nonce.data(), nonce.data(), nonce.size());
  file.offset = reader.number<uint64_t>();
  if (version == 1) return file;
  file.mark_size = reader.number<uint64_t>();
  file.mark_hash = reader.number<uint64_t>();
  if (version == 2) return file;
  file.rotated = reader.number<uint8_t>() != 0;
  return file;
}

Error unreadable(std::string why) { return Error{Action::kDrop, std::move(why)}; }

}  // namespace

std::string encode_checkpoints(const CheckpointImage& image) {
  std::string payload;
  put(payload, static_cast<uint32_t>(image.inputs.size()));
  for (const auto& [input, files] : image.inputs) {
    put_text(payload, input);
    put(payload, static_cast<uint32_t>(files.size()));
    for (const inputs::FileCheckpoint& file : files) {
      put_text(payload, file.path);
      put(payload, file.device);
      put(payload, file.inode);
      put(payload, file.head_size);
      put(payload, file.head_hash);
      payload.append(reinterpret_cast<const char*>(file.nonce.data()), file.nonce.size());
      put(payload, file.offset);
      put(payload, file.mark_size);
      put(payload, file.mark_hash);
      put(payload, static_cast<uint8_t>(file.rotated ? 1 : 0));
    }
  }
  std::string bytes(kMagic);
  put(bytes, kVersion);
  put(bytes, image.generation);
  put(bytes, static_cast<uint64_t>(payload.size()));
  put(bytes, hash_of(image.generation, payload));
  return bytes + payload;
}

Result<CheckpointImage> decode_checkpoints(std::string_view bytes) {
  if (bytes.empty()) return unreadable("it is empty");
  if (bytes.size() < kHeaderSize) return unreadable("it is torn");
  if (bytes.substr(0, kMagic.size()) != kMagic) return unreadable("it is damaged");
  uint32_t version = number_at<uint32_t>(bytes, kVersionAt);
  if (version == 0 || version > kVersion) {
    return unreadable(fmt::format("it has format version {}, and this waybill knows version {}",
                                  version, kVersion));
  }
  CheckpointImage image;
  image.generation = number_at<uint64_t>(bytes, kGenerationAt);
  std::string_view payload = bytes.substr(kHeaderSize);
  if (number_at<uint64_t>(bytes, kSizeAt) != payload.size()) return unreadable("it is torn");
  if (number_at<uint64_t>(bytes, kHashAt) != hash_of(image.generation, payload)) {
    return unreadable("its checksum is wrong");
  }
  Reader reader{payload};
  uint32_t inputs = reader.number<uint32_t>();
  for (uint32_t i = 0; i < inputs && reader.ok; ++i) {
    std::string input = reader.text();
    uint32_t files = reader.number<uint32_t>();
    auto& list = image.inputs[input];
    for (uint32_t k = 0; k < files && reader.ok; ++k) {
      list.push_back(read_checkpoint(reader, input, version));
    }
  }
  if (!reader.ok || !reader.rest.empty()) return unreadable("it is damaged");
  return image;
}

}  // namespace waybill::delivery
