// SPDX-License-Identifier: Apache-2.0
// Client: asks a server one thing after another, for commands that prepare it (`waybill setup`).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "outputs/http/http_settings.h"
#include "outputs/http/transport.h"

namespace waybill::outputs::http {

struct Answer {
  int status = 0;
  std::string body;
  bool fine() const { return status >= 200 && status < 300; }
};

// One thread's. Sends and gets JSON, with the credentials and certificates of the settings. Each
// request blocks until it is answered, for the settings' time-outs and half a minute at most.
class Client {
 public:
  // `product` is the server's name in messages.
  static Result<Client> connect(const Settings& settings, std::string product);

  // `method`: GET, POST or PUT. Any answer is one; the Error tells why there is none.
  Result<Answer> ask(const std::string& method, const std::string& address,
                     std::string_view body = {});
  // The body of a 2xx; the Error of anything else has the address, the status and the server's
  // words.
  Result<std::string> demand(const std::string& method, const std::string& address,
                             std::string_view body = {});

 private:
  explicit Client(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}
  std::unique_ptr<Transport> transport_;
};

// The Error of an answer that is not a 2xx.
Error refusal(const std::string& address, const Answer& answer);

}  // namespace waybill::outputs::http
