// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/curl_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <mutex>

namespace waybill::outputs::http {

namespace {

// curl_multi_poll and curl_multi_wakeup are there since 7.68, CURLOPT_QUICK_EXIT since 7.87.
constexpr unsigned kOldest = 0x075700;

Result<CurlApi> load() {
  void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Error{Action::kFixConfig,
                 fmt::format("outputs over HTTP need libcurl, which cannot be loaded ({}): install "
                             "it, as with `apt-get install libcurl4`",
                             dlerror())};
  }
  CurlApi api{};
  const char* missing = nullptr;
  auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    if (function == nullptr) missing = name;
  };
  find(api.global_init, "curl_global_init");
  find(api.version_info, "curl_version_info");
  find(api.easy_init, "curl_easy_init");
  find(api.easy_cleanup, "curl_easy_cleanup");
  find(api.easy_setopt, "curl_easy_setopt");
  find(api.easy_getinfo, "curl_easy_getinfo");
  find(api.easy_strerror, "curl_easy_strerror");
  find(api.slist_append, "curl_slist_append");
  find(api.slist_free_all, "curl_slist_free_all");
  find(api.multi_init, "curl_multi_init");
  find(api.multi_cleanup, "curl_multi_cleanup");
  find(api.multi_add_handle, "curl_multi_add_handle");
  find(api.multi_remove_handle, "curl_multi_remove_handle");
  find(api.multi_perform, "curl_multi_perform");
  find(api.multi_poll, "curl_multi_poll");
  find(api.multi_fdset, "curl_multi_fdset");
  find(api.multi_wakeup, "curl_multi_wakeup");
  find(api.multi_info_read, "curl_multi_info_read");
  find(api.multi_strerror, "curl_multi_strerror");
  if (missing != nullptr) {
    return Error{
        Action::kFixConfig,
        fmt::format("the installed libcurl has no {}: version 7.87 or newer is needed", missing)};
  }
  const curl_version_info_data* version = api.version_info(CURLVERSION_NOW);
  if (version->version_num < kOldest) {
    return Error{Action::kFixConfig,
                 fmt::format("the installed libcurl is version {}: 7.87 or newer is needed",
                             version->version)};
  }
  if (CURLcode code = api.global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    return Error{Action::kFatal, fmt::format("libcurl: {}", api.easy_strerror(code))};
  }
  return api;
}

}  // namespace

Result<const CurlApi*> load_curl() {
  static const Result<CurlApi> api = load();
  if (!api) return api.error();
  return &*api;
}

}  // namespace waybill::outputs::http
