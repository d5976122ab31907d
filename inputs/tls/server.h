// SPDX-License-Identifier: Apache-2.0
// The server's side of TLS: who we are, and whom we listen to.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "inputs/byte_stream.h"
#include "inputs/fd.h"

struct ssl_ctx_st;
struct ssl_st;

namespace waybill::inputs::tls {

struct OpensslApi;

struct ServerSettings {
  std::string cert_file;       // PEM: our certificate, and those between it and the root
  std::string key_file;        // PEM: its private key
  std::string client_ca_file;  // PEM: who signs clients' certificates; empty: none is asked for
};

// TLS 1.2 and 1.3. With client_ca_file a client without a certificate from there is refused.
// Immutable; shared by the connections that were accepted with it.
class Server {
 public:
  // Reads the files. The Error names the option and the file.
  static Result<std::shared_ptr<const Server>> load(const ServerSettings& settings);
  ~Server();
  Server(Server&&) = delete;

 private:
  friend class Stream;
  explicit Server(const OpensslApi& api) : api_(api) {}
  Result<void> open(const ServerSettings& settings);
  Error failure(const char* option, const std::string& file) const;

  const OpensslApi& api_;
  ssl_ctx_st* context_ = nullptr;
};

// One connection. Main thread only; nothing blocks.
class Stream final : public ByteStream {
 public:
  enum class Step { kDone, kWantRead, kWantWrite, kGone, kFailed };

  // `fd`: non-blocking, connected, ours.
  Stream(std::shared_ptr<const Server> server, Fd fd);
  ~Stream() override;

  // Goes on with the handshake as far as it can: wait for what it says and call again. kGone: the
  // peer closed before it said a word, as those do who only look whether the port is open. kFailed:
  // `why` says why.
  Step handshake(std::string& why);
  // Only after kDone.
  Got read(std::span<char> room) override;
  int fd() const override { return fd_.get(); }
  bool has_more() const override { return has_last_ || filled_; }

 private:
  Got stopped(int result);

  const std::shared_ptr<const Server> server_;
  const OpensslApi& api_;
  Fd fd_;
  ssl_st* ssl_;
  bool established_ = false;
  bool usable_ = true;   // no fatal error so far: a close_notify may be sent
  bool filled_ = false;  // the last read had no room for more: OpenSSL may hold the rest
  bool has_last_ = false;
  Got last_{What::kEnd};  // has_last_: found behind bytes that went first
};

}  // namespace waybill::inputs::tls
