// SPDX-License-Identifier: Apache-2.0
#include "outputs/zstd.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>

#include "core/check.h"

namespace waybill::outputs {

namespace {

struct Api {
  decltype(&::ZSTD_createCCtx) create;
  decltype(&::ZSTD_freeCCtx) free;
  decltype(&::ZSTD_compressBound) bound;
  decltype(&::ZSTD_compressCCtx) compress;
  decltype(&::ZSTD_compressStream2) stream;
  decltype(&::ZSTD_CCtx_setParameter) set;
  decltype(&::ZSTD_decompress) decompress;
  decltype(&::ZSTD_isError) is_error;
};

Result<Api> load() {
  void* library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Error{Action::kFixConfig,
                 fmt::format("zstd needs libzstd, which cannot be loaded ({}): install it, as with "
                             "`apt-get install libzstd1`, or use gzip",
                             dlerror())};
  }
  Api api{};
  bool complete = true;
  auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    complete = complete && function != nullptr;
  };
  find(api.create, "ZSTD_createCCtx");
  find(api.free, "ZSTD_freeCCtx");
  find(api.bound, "ZSTD_compressBound");
  find(api.compress, "ZSTD_compressCCtx");
  find(api.stream, "ZSTD_compressStream2");
  find(api.set, "ZSTD_CCtx_setParameter");
  find(api.decompress, "ZSTD_decompress");
  find(api.is_error, "ZSTD_isError");
  if (!complete) {
    return Error{Action::kFixConfig, "the installed libzstd is too old: 1.4 or newer is needed"};
  }
  return api;
}

// Since load_zstd(); null: nobody has asked for it.
std::atomic<const Api*> ready{nullptr};

const Api& api_in_use() {
  const Api* api = ready.load(std::memory_order_acquire);
  WAYBILL_CHECK(api != nullptr, "zstd is used before it was loaded");
  return *api;
}

class Context {
 public:
  explicit Context(const Api& api) : api_(api), context_(api.create()) {
    WAYBILL_CHECK(context_ != nullptr, "zstd cannot be initialised: out of memory");
  }
  Context(Context&&) = delete;
  ~Context() { api_.free(context_); }
  ZSTD_CCtx* get() const { return context_; }

 private:
  const Api& api_;
  ZSTD_CCtx* context_;
};

}  // namespace

Result<void> load_zstd() {
  static const Result<Api> api = load();
  if (!api) return api.error();
  ready.store(&*api, std::memory_order_release);
  return {};
}

void append_zstd(Buffer& out, std::string_view plain, int level) {
  const Api& api = api_in_use();
  thread_local Context context(api);
  size_t room = api.bound(plain.size());
  char* to = out.reserve(room);
  size_t size = api.compress(context.get(), to, room, plain.data(), plain.size(), level);
  WAYBILL_CHECK(api.is_error(size) == 0, "zstd failed on plain memory");
  out.advance(size);
}

struct ZstdStream::Impl {
  const Api& api = api_in_use();
  Context context{api};
};

ZstdStream::ZstdStream(int level) : impl_(std::make_unique<Impl>()) {
  impl_->api.set(impl_->context.get(), ZSTD_c_compressionLevel, level);
  impl_->api.set(impl_->context.get(), ZSTD_c_checksumFlag, 1);
}

ZstdStream::~ZstdStream() = default;

void ZstdStream::add(Buffer& out, std::string_view plain, bool last) {
  constexpr size_t kRoom = 64 * 1024;
  ZSTD_inBuffer in{plain.data(), plain.size(), 0};
  size_t left = 1;
  while (last ? left != 0 : in.pos < in.size) {
    ZSTD_outBuffer to{out.reserve(kRoom), kRoom, 0};
    left = impl_->api.stream(impl_->context.get(), &to, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    WAYBILL_CHECK(impl_->api.is_error(left) == 0, "zstd failed on plain memory");
    out.advance(to.pos);
  }
}

std::optional<std::string> unpack_zstd(std::string_view packed, size_t most) {
  const Api* loaded = ready.load(std::memory_order_acquire);
  if (loaded == nullptr) return std::nullopt;
  const Api& api = *loaded;
  // A frame need not say how much is in it; answers are short.
  for (size_t room : {std::min<size_t>(64 * 1024, most), most}) {
    std::string plain(room, '\0');
    size_t size = api.decompress(plain.data(), room, packed.data(), packed.size());
    if (api.is_error(size) != 0) continue;
    plain.resize(size);
    return plain;
  }
  return std::nullopt;
}

}  // namespace waybill::outputs
