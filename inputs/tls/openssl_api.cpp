// SPDX-License-Identifier: Apache-2.0
#include "inputs/tls/openssl_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace waybill::inputs::tls {

namespace {

Result<OpensslApi> load() {
  void* ssl = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
  void* crypto = ssl != nullptr ? dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL) : nullptr;
  if (crypto == nullptr) {
    return Error{
        Action::kFixConfig,
        fmt::format("TLS needs OpenSSL 3, which cannot be loaded ({}): install it, as with "
                    "`apt-get install libssl3`",
                    dlerror())};
  }
  OpensslApi api{};
  const char* missing = nullptr;
  auto find = [&](void* library, auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    if (function == nullptr) missing = name;
  };
  find(crypto, api.err_clear_error, "ERR_clear_error");
  find(crypto, api.err_get_error, "ERR_get_error");
  find(crypto, api.err_peek_error, "ERR_peek_error");
  find(crypto, api.err_reason_error_string, "ERR_reason_error_string");
  find(crypto, api.x509_verify_cert_error_string, "X509_verify_cert_error_string");
  find(crypto, api.bio_number_read, "BIO_number_read");
  find(ssl, api.tls_server_method, "TLS_server_method");
  find(ssl, api.ctx_new, "SSL_CTX_new");
  find(ssl, api.ctx_free, "SSL_CTX_free");
  find(ssl, api.ctx_ctrl, "SSL_CTX_ctrl");
  find(ssl, api.ctx_set_options, "SSL_CTX_set_options");
  find(ssl, api.ctx_set_default_passwd_cb, "SSL_CTX_set_default_passwd_cb");
  find(ssl, api.ctx_use_certificate_chain_file, "SSL_CTX_use_certificate_chain_file");
  find(ssl, api.ctx_use_private_key_file, "SSL_CTX_use_PrivateKey_file");
  find(ssl, api.ctx_check_private_key, "SSL_CTX_check_private_key");
  find(ssl, api.ctx_load_verify_file, "SSL_CTX_load_verify_file");
  find(ssl, api.load_client_ca_file, "SSL_load_client_CA_file");
  find(ssl, api.ctx_set_client_ca_list, "SSL_CTX_set_client_CA_list");
  find(ssl, api.ctx_set_verify, "SSL_CTX_set_verify");
  find(ssl, api.ctx_set_num_tickets, "SSL_CTX_set_num_tickets");
  find(ssl, api.ssl_new, "SSL_new");
  find(ssl, api.ssl_free, "SSL_free");
  find(ssl, api.set_fd, "SSL_set_fd");
  find(ssl, api.get_rbio, "SSL_get_rbio");
  find(ssl, api.accept, "SSL_accept");
  find(ssl, api.read, "SSL_read");
  find(ssl, api.shutdown, "SSL_shutdown");
  find(ssl, api.get_error, "SSL_get_error");
  find(ssl, api.get_verify_result, "SSL_get_verify_result");
  if (missing != nullptr) {
    return Error{
        Action::kFixConfig,
        fmt::format("the installed OpenSSL has no {}: version 3.0 or newer is needed", missing)};
  }
  return api;
}

}  // namespace

Result<const OpensslApi*> load_openssl() {
  static const Result<OpensslApi> api = load();
  if (!api) return api.error();
  return &*api;
}

}  // namespace waybill::inputs::tls
