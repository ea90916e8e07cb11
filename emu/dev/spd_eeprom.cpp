#include "dev/spd_eeprom.hpp"

namespace paemu {

bool SpdEeproms::start(u8 address) {
  if (address < kFirstAddress || address >= kFirstAddress + kCount) return false;
  state_.socket = address - kFirstAddress;
  state_.address_next = true;
  return contents_(state_.socket).has_value();
}

void SpdEeproms::send(u8 value) {
  // Bytes behind the address would be stored: not while the chip is write-protected.
  if (state_.address_next) state_.address_counter[state_.socket] = value;
  state_.address_next = false;
}

u8 SpdEeproms::receive() {
  const std::optional<Contents> bytes = contents_(state_.socket);
  return bytes ? (*bytes)[state_.address_counter[state_.socket]++] : 0xff;
}

}  // namespace paemu
