// SPDX-License-Identifier: Apache-2.0
// Every way in which a request can fail, in words that say what to look at.
#include <fmt/format.h>

#include <cerrno>

#include "config/options.h"
#include "outputs/http/transport.h"
#include "outputs/printable.h"

namespace waybill::outputs::http {

namespace {

bool is_socket(std::string_view url) { return url.starts_with("unix://"); }

std::string_view host_of(std::string_view url) {
  size_t begin = url.find("://");
  begin = begin == std::string_view::npos ? 0 : begin + 3;
  if (is_socket(url)) return url.substr(begin, url.find(":/", begin) - begin);
  return url.substr(begin, url.find_first_of("/?", begin) - begin);
}

// "http://host:3100", of the whole URL: the path does not matter to whether it can be reached.
std::string_view base_of(std::string_view url) {
  std::string_view host = host_of(url);
  return url.substr(0, static_cast<size_t>(host.data() + host.size() - url.data()));
}

std::string or_code(std::string_view details, CURLcode code) {
  return details.empty() ? fmt::format("libcurl error {}", static_cast<int>(code))
                         : printable(details);
}

std::string cannot_connect(const Failure& failure) {
  std::string_view base = base_of(failure.url);
  if (failure.os_error == ECONNREFUSED) {
    return fmt::format("cannot reach {}: connection refused; is {} running there?", base,
                       failure.product);
  }
  if (failure.os_error != 0) {
    return errno_error(fmt::format("cannot reach {}", base), failure.os_error).what;
  }
  return fmt::format("cannot reach {}: {}", base, or_code(failure.details, failure.code));
}

std::string timed_out(const Failure& failure) {
  std::string_view base = base_of(failure.url);
  std::string timeout = config::duration_text(failure.timeout.count());
  switch (failure.connection) {
    case Connection::kNone:
      return fmt::format("cannot reach {}: nobody answers there; is a firewall in the way?", base);
    case Connection::kNew:
      return fmt::format("{} took the connection, but did not answer within {}", base, timeout);
    case Connection::kKept: break;
  }
  return fmt::format(
      "{} did not answer within {}, on a connection where it did before: is it overloaded, or a "
      "firewall in the way?",
      base, timeout);
}

// Of a handshake that ended early: a peer that went away is no matter of configuration.
bool went_away(const Failure& failure) {
  return failure.os_error == ECONNRESET || failure.os_error == EPIPE ||
         failure.details.find("SSL_ERROR_SYSCALL") != std::string_view::npos ||
         failure.details.find("unexpected eof") != std::string_view::npos;
}

FailureWords tls(const Failure& failure) {
  std::string_view base = base_of(failure.url);
  std::string details = or_code(failure.details, failure.code);
  switch (failure.code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return {fmt::format("the certificate of {} is not trusted ({}): name the authority that "
                          "signed it as tls.ca_file, or the host as the certificate does",
                          base, details),
              true};
    case CURLE_SSL_CACERT_BADFILE:
      return {fmt::format("tls.ca_file cannot be used ({})", details), true};
    case CURLE_SSL_CERTPROBLEM:
      return {fmt::format("tls.cert_file and tls.key_file cannot be used ({})", details), true};
    default:
      return {
          fmt::format("no TLS connection to {} ({}): is https right for this port?", base, details),
          !went_away(failure)};
  }
}

}  // namespace

FailureWords explain(const Failure& failure) {
  std::string_view base = base_of(failure.url);
  // What else such an end may mean, of a peer that has never answered.
  const char* stranger = failure.wire == Wire::kGrpc && failure.connection == Connection::kNew
                             ? ": does it speak gRPC there?"
                             : "";
  switch (failure.code) {
    case CURLE_COULDNT_CONNECT: return {cannot_connect(failure), false};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {fmt::format("cannot find the host {}: is its name right, and does DNS work?",
                          host_of(failure.url)),
              false};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {"cannot find the host of `proxy`: is its name right, and does DNS work?", false};
    case CURLE_OPERATION_TIMEDOUT: return {timed_out(failure), false};
    case CURLE_GOT_NOTHING:
      return {fmt::format("{} closed the connection without an answer{}", base, stranger), false};
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return {fmt::format("the connection to {} broke ({}){}", base,
                          or_code(failure.details, failure.code), stranger),
              false};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return {fmt::format("what answers at {} does not speak HTTP: is the port right?", base),
              false};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CLIENTCERT: return tls(failure);
    default:
      return {
          fmt::format("the request to {} failed: {}", base, or_code(failure.details, failure.code)),
          false};
  }
}

}  // namespace waybill::outputs::http
