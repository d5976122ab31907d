// SPDX-License-Identifier: Apache-2.0
// OpensslApi: OpenSSL, loaded when an input is to speak TLS.
//
// Its libraries add 1.6 MB to a process that does without. Types and constants come from its
// headers, the few functions that we call from dlopen. inputs/tls is the only user of either.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "core/result.h"

namespace waybill::inputs::tls {

struct OpensslApi {
  // libcrypto
  decltype(&::ERR_clear_error) err_clear_error;
  decltype(&::ERR_get_error) err_get_error;
  decltype(&::ERR_peek_error) err_peek_error;
  decltype(&::ERR_reason_error_string) err_reason_error_string;
  decltype(&::X509_verify_cert_error_string) x509_verify_cert_error_string;
  decltype(&::BIO_number_read) bio_number_read;
  // libssl
  decltype(&::TLS_server_method) tls_server_method;
  decltype(&::SSL_CTX_new) ctx_new;
  decltype(&::SSL_CTX_free) ctx_free;
  decltype(&::SSL_CTX_ctrl) ctx_ctrl;
  decltype(&::SSL_CTX_set_options) ctx_set_options;
  decltype(&::SSL_CTX_set_default_passwd_cb) ctx_set_default_passwd_cb;
  decltype(&::SSL_CTX_use_certificate_chain_file) ctx_use_certificate_chain_file;
  decltype(&::SSL_CTX_use_PrivateKey_file) ctx_use_private_key_file;
  decltype(&::SSL_CTX_check_private_key) ctx_check_private_key;
  decltype(&::SSL_CTX_load_verify_file) ctx_load_verify_file;
  decltype(&::SSL_load_client_CA_file) load_client_ca_file;
  decltype(&::SSL_CTX_set_client_CA_list) ctx_set_client_ca_list;
  decltype(&::SSL_CTX_set_verify) ctx_set_verify;
  decltype(&::SSL_CTX_set_num_tickets) ctx_set_num_tickets;
  decltype(&::SSL_new) ssl_new;
  decltype(&::SSL_free) ssl_free;
  decltype(&::SSL_set_fd) set_fd;
  decltype(&::SSL_get_rbio) get_rbio;
  decltype(&::SSL_accept) accept;
  decltype(&::SSL_read) read;
  decltype(&::SSL_shutdown) shutdown;
  decltype(&::SSL_get_error) get_error;
  decltype(&::SSL_get_verify_result) get_verify_result;
};

// Loads it on the first call; stays loaded. Main thread. The Error says what to install.
Result<const OpensslApi*> load_openssl();

}  // namespace waybill::inputs::tls
