// The EEPROMs that DIMMs carry: 256 bytes each on the SMBus, which tell what the DIMM is ("serial presence detect").
// They are 24C02s with the write-protect pin set, at 0x50 up by socket. Source: Atmel AT24C02 data sheet (0180),
// "Device operation"; what is in them: board/spd.hpp.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "base/fields.hpp"
#include "bus/smbus.hpp"

namespace paemu {

class SpdEeproms final : public SmbusTargets {
 public:
  static constexpr u8 kFirstAddress = 0x50;
  static constexpr u32 kCount = 8;
  using Contents = std::array<u8, 256>;

  struct State {
    u8 address_counter[kCount] = {};  // of the byte that is read next
    u8 socket = 0;                    // that was addressed last
    bool address_next = false;        // the next byte sent sets the address counter
    FIELDS(address_counter, socket, address_next)
  };

  // contents: of the DIMM in a socket, or none.
  explicit SpdEeproms(std::function<std::optional<Contents>(u32 socket)> contents) : contents_(std::move(contents)) {}

  bool start(u8 address) override;
  void send(u8 value) override;
  u8 receive() override;

  void reset() { state_ = State{}; }
  State& state() { return state_; }

 private:
  State state_;
  std::function<std::optional<Contents>(u32 socket)> contents_;
};

}  // namespace paemu
