// SPDX-License-Identifier: Apache-2.0
#include "config/address.h"
#include "config/options.h"
#include "inputs/udp/udp_input.h"

namespace waybill::inputs::udp {

namespace {

const config::OptionTable<UdpSettings>& table() {
  static const auto made =
      config::OptionTable<UdpSettings>()
          .other("type", config::OptionKind::kString, "`udp`")
          .text("listen", &UdpSettings::listen,
                "address and port to receive on; `:5514` for every address, port 0 for a free one")
          .flag("trust_service", &UdpSettings::trust_service,
                "whether senders may name a service; their addresses can be forged")
          .bytes("receive_buffer", &UdpSettings::receive_buffer, 4096, 1 << 30,
                 "the kernel's buffer for bursts, as far as it grants it")
          .text("format", &UdpSettings::format, "`auto`, or the name of the parser for every line");
  return made;
}

std::unique_ptr<Input> make(const config::Section& section) {
  UdpSettings settings;
  table().read(section, settings);
  if (section.has("listen") && !config::address(section, "listen")) return nullptr;
  return std::make_unique<UdpInput>(std::move(settings));
}

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{
      .type = "udp",
      .summary = "lines from UDP datagrams; what the kernel drops is counted",
      .options = []() -> const config::OptionList& { return table().list(); },
      .make = make,
  };
  return made;
}

}  // namespace waybill::inputs::udp
