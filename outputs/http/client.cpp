// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/client.h"

#include <fmt/format.h>

#include <utility>

#include "outputs/http/curl_api.h"
#include "outputs/printable.h"

namespace waybill::outputs::http {

namespace {

constexpr Duration kPatience = std::chrono::seconds(30);
constexpr size_t kMostWords = 400;

// Waits for one request, so long.
class Until final : public Patience {
 public:
  explicit Until(SteadyTime end) : end_(end) {}
  SteadyTime until(SteadyTime) const override { return end_; }

 private:
  SteadyTime end_;
};

}  // namespace

Result<Client> Client::connect(const Settings& settings, std::string product) {
  Result<const CurlApi*> curl = load_curl();
  if (!curl) return std::move(curl).error();
  auto transport =
      Transport::make(**curl, settings, {"Content-Type: application/json"}, std::move(product));
  if (!transport) return std::move(transport).error();
  return Client(*std::move(transport));
}

Result<Answer> Client::ask(const std::string& method, const std::string& address,
                           std::string_view body) {
  Request request{address, method != "GET", body};
  if (method == "PUT") request.method = method;
  Reply reply = transport_->send(request, Until(steady_now() + kPatience));
  if (reply.kind != Reply::Kind::kAnswered) return Error{Action::kRetry, std::move(reply.problem)};
  return Answer{reply.response.status, std::string(reply.response.body)};
}

Result<std::string> Client::demand(const std::string& method, const std::string& address,
                                   std::string_view body) {
  Result<Answer> answer = ask(method, address, body);
  if (!answer) return std::move(answer).error();
  if (!answer->fine()) return refusal(address, *answer);
  return std::move(answer->body);
}

Error refusal(const std::string& address, const Answer& answer) {
  return {Action::kFixConfig, fmt::format("{}: HTTP {}: {}", address, answer.status,
                                          printable(answer.body, kMostWords))};
}

}  // namespace waybill::outputs::http
