// SPDX-License-Identifier: Apache-2.0
// WriterOutput: writes encoded records to a Sink, in order (of each place), each of them once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "delivery/backoff.h"
#include "outputs/control.h"
#include "outputs/output.h"
#include "outputs/writer/refusals.h"
#include "outputs/writer/sink.h"

namespace waybill::outputs::writer {

// A write that fails (a full disk, a quota) is repeated with back-off and goes on where it stopped:
// nothing is lost and nothing written twice, but for what a sync() failed on. "Delivered" means
// handed to the kernel, and what the sink's sync() does besides.
class WriterOutput final : public Output {
 public:
  // With a gatherer the payloads' bytes are for it, and what it makes of them is written.
  WriterOutput(std::unique_ptr<Sink> sink, std::unique_ptr<Encoder> encoder,
               std::unique_ptr<Gatherer> gatherer = nullptr);
  ~WriterOutput() override { stop(); }

  Result<void> start(const Context& context) override;
  ProbeReport probe(const Identity& identity) override;
  Result<std::string> preview(const Identity& identity, const Batch& batch,
                              const Record& record) override;
  void drain(SteadyTime deadline) override;
  void stop() override;
  void append(const Batch& batch, const Record& record, delivery::Payload& payload) override;
  void compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
               delivery::Body& body) const override;
  delivery::Outbox& outbox() override;
  bool writes_to_stdout() const override { return sink_->is_stdout(); }

 private:
  enum class Wrote : uint8_t { kAll, kRefused, kGone, kGaveUp };

  void run();
  void send(std::unique_ptr<delivery::Payload> payload);
  bool send_gathered();
  Wrote put(const Piece& piece);
  Wrote write(const Piece& piece, size_t& done, std::string& refusal);
  Wrote write_some(std::string_view bytes, size_t& done);
  void settle_written(const Piece& piece, size_t done);
  void drop_rest(delivery::Payload& payload);
  void abandon_gathered();
  void reader_has_gone();
  bool wait_writable();
  bool failed(const std::string& problem);
  void recovered();
  void wake();
  SteadyTime give_up() const { return control_.give_up(progress_); }

  const std::unique_ptr<Sink> sink_;
  const std::unique_ptr<Encoder> encoder_;
  const std::unique_ptr<Gatherer> gatherer_;  // null: payloads are written as they come
  const Identity* identity_ = nullptr;
  OutputLedger* ledger_ = nullptr;
  Control control_;
  std::unique_ptr<delivery::Outbox> outbox_;
  size_t gathered_at_most_ = 0;  // bytes
  Piece piece_;
  int wake_fd_ = -1;  // an eventfd: ends a wait for a slow reader
  delivery::Backoff backoff_;
  SteadyTime progress_{};  // when the last byte was taken
  SteadyTime last_said_{};
  std::optional<Refusals> refusals_;  // made by start()
  bool failing_ = false;
  bool gone_ = false;
  int failures_while_draining_ = 0;
  std::thread thread_;
};

}  // namespace waybill::outputs::writer
