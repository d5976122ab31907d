// SPDX-License-Identifier: Apache-2.0
#include "inputs/tls/server.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "core/check.h"
#include "inputs/tls/openssl_api.h"

namespace waybill::inputs::tls {

namespace {

// Without it OpenSSL would ask on the terminal for the password of an encrypted key.
int no_password(char*, int, int, void*) { return -1; }

std::string reason_of(const OpensslApi& api, unsigned long code) {
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* reason = code != 0 ? api.err_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : "for a reason that it does not say";
}

}  // namespace

Result<std::shared_ptr<const Server>> Server::load(const ServerSettings& settings) {
  Result<const OpensslApi*> api = load_openssl();
  if (!api) return api.error();
  std::shared_ptr<Server> server(new Server(**api));
  Result<void> opened = server->open(settings);
  if (!opened) return std::move(opened.error());
  return std::shared_ptr<const Server>(std::move(server));
}

Server::~Server() { api_.ctx_free(context_); }

Error Server::failure(const char* option, const std::string& file) const {
  // The oldest error tells the cause.
  const unsigned long code = api_.err_get_error();
  api_.err_clear_error();
  return {Action::kFixConfig,
          std::string(option) + ": cannot use " + file + ": " + reason_of(api_, code)};
}

Result<void> Server::open(const ServerSettings& settings) {
  // Said in the system's words, which OpenSSL buries.
  const std::pair<const char*, const std::string&> files[] = {
      {"cert_file", settings.cert_file},
      {"key_file", settings.key_file},
      {"client_ca_file", settings.client_ca_file}};
  for (const auto& [option, file] : files) {
    if (file.empty()) continue;
    Fd readable(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!readable) return errno_error(std::string(option) + ": cannot read " + file, errno);
  }
  api_.err_clear_error();
  context_ = api_.ctx_new(api_.tls_server_method());
  if (context_ == nullptr) return failure("tls", "OpenSSL");
  api_.ctx_ctrl(context_, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  // Senders stay connected: sessions to resume would only hold memory.
  api_.ctx_ctrl(context_, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
  api_.ctx_ctrl(context_, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, nullptr);
  api_.ctx_set_num_tickets(context_, 0);
  api_.ctx_set_options(context_,
                       SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  api_.ctx_set_default_passwd_cb(context_, no_password);
  if (api_.ctx_use_certificate_chain_file(context_, settings.cert_file.c_str()) != 1) {
    return failure("cert_file", settings.cert_file);
  }
  if (api_.ctx_use_private_key_file(context_, settings.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      api_.ctx_check_private_key(context_) != 1) {
    return failure("key_file", settings.key_file);
  }
  if (settings.client_ca_file.empty()) return {};
  const char* authorities = settings.client_ca_file.c_str();
  STACK_OF(X509_NAME)* names = api_.load_client_ca_file(authorities);
  if (names == nullptr || api_.ctx_load_verify_file(context_, authorities) != 1) {
    return failure("client_ca_file", settings.client_ca_file);
  }
  api_.ctx_set_client_ca_list(context_, names);
  api_.ctx_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

Stream::Stream(std::shared_ptr<const Server> server, Fd fd)
    : server_(std::move(server)),
      api_(server_->api_),
      fd_(std::move(fd)),
      ssl_(api_.ssl_new(server_->context_)) {
  WAYBILL_CHECK(ssl_ != nullptr, "no memory for a TLS connection");
  api_.set_fd(ssl_, fd_.get());
}

Stream::~Stream() {
  // One attempt: a peer that does not listen is none to wait for.
  if (established_ && usable_) api_.shutdown(ssl_);
  api_.err_clear_error();
  api_.ssl_free(ssl_);
}

Stream::Step Stream::handshake(std::string& why) {
  api_.err_clear_error();
  errno = 0;
  const int result = api_.accept(ssl_);
  if (result == 1) {
    established_ = true;
    return Step::kDone;
  }
  const int system = errno;
  const int error = api_.get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ) return Step::kWantRead;
  if (error == SSL_ERROR_WANT_WRITE) return Step::kWantWrite;
  usable_ = false;
  if (api_.bio_number_read(api_.get_rbio(ssl_)) == 0) return Step::kGone;
  const unsigned long code = api_.err_peek_error();
  if (code == 0) {
    why = system != 0 ? std::strerror(system) : "the peer closed the connection";
    return Step::kFailed;
  }
  why = reason_of(api_, code);
  if (const long verdict = api_.get_verify_result(ssl_); verdict != X509_V_OK) {
    why += std::string(": ") + api_.x509_verify_cert_error_string(verdict);
  }
  return Step::kFailed;
}

// A record of TLS holds 16 KiB at most: several fill the room.
ByteStream::Got Stream::read(std::span<char> room) {
  if (has_last_) return last_;
  filled_ = false;
  size_t size = 0;
  while (size < room.size()) {
    const int most = static_cast<int>(std::min<size_t>(room.size() - size, INT_MAX));
    api_.err_clear_error();
    errno = 0;
    const int result = api_.read(ssl_, room.data() + size, most);
    if (result > 0) {
      size += static_cast<size_t>(result);
      continue;
    }
    Got stop = stopped(result);
    if (size == 0) return stop;
    if (stop.what != What::kNothingYet) {
      has_last_ = true;
      last_ = std::move(stop);
    }
    break;
  }
  filled_ = size == room.size();
  return {What::kBytes, size};
}

// Why SSL_read gave nothing.
ByteStream::Got Stream::stopped(int result) {
  const int system = errno;
  const unsigned long code = api_.err_peek_error();
  switch (api_.get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ: return {What::kNothingYet};
    case SSL_ERROR_ZERO_RETURN: return {What::kEnd};
    case SSL_ERROR_WANT_WRITE:
      return {What::kFailed, 0, "the peer asks for new keys and does not read them"};
    case SSL_ERROR_SYSCALL:
      usable_ = false;
      if (system == 0 || system == ECONNRESET || system == ETIMEDOUT) return {What::kTorn};
      return {What::kFailed, 0, std::strerror(system)};
    default: break;
  }
  usable_ = false;
  if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
      ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    return {What::kTorn};
  }
  return {What::kFailed, 0, reason_of(api_, code)};
}

}  // namespace waybill::inputs::tls
