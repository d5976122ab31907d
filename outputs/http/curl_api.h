// SPDX-License-Identifier: Apache-2.0
// CurlApi: libcurl, loaded when the first HTTP output starts.
//
// Debian's libcurl brings 40 shared libraries and 8 MB with it: a daemon that writes to a file or
// to the console does without. Types and constants come from its header, the few functions that we
// call from dlopen. outputs/http is the only user of either.
#pragma once

#include <curl/curl.h>

#include "core/result.h"

namespace waybill::outputs::http {

struct CurlApi {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_version_info) version_info;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
  decltype(&::curl_multi_init) multi_init;
  decltype(&::curl_multi_cleanup) multi_cleanup;
  decltype(&::curl_multi_add_handle) multi_add_handle;
  decltype(&::curl_multi_remove_handle) multi_remove_handle;
  decltype(&::curl_multi_perform) multi_perform;
  decltype(&::curl_multi_poll) multi_poll;
  decltype(&::curl_multi_fdset) multi_fdset;
  decltype(&::curl_multi_wakeup) multi_wakeup;
  decltype(&::curl_multi_info_read) multi_info_read;
  decltype(&::curl_multi_strerror) multi_strerror;
};

// Loads and initialises it on the first call; stays loaded. Main thread. The Error says what to
// install.
Result<const CurlApi*> load_curl();

}  // namespace waybill::outputs::http
