// Registers (7.3.1 to 7.3.14):
//
//   00 SMBHSTSTS  D4 FAILED, D3 BUS_ERR, D2 DEV_ERR, D1 INTER (write one to clear), D0 HOST_BUSY
//   01 SMBSLVSTS  02 SMBHSTCNT  D6 START, D4-D2 SMB_CMD_PROT, D1 KILL, D0 INTEREN     03 SMBHSTCMD
//   04 SMBHSTADD  D7-D1 address, D0 read     05 SMBHSTDAT0  06 SMBHSTDAT1  07 SMBBLKDAT
//   08 SMBSLVCNT  09 SMBSHDWCMD  0a SMBSLVEVT (2)  0c SMBSLVDAT (2)
#include "dev/piix4_smbus.hpp"

namespace paemu {

namespace {

constexpr u32 kHostStatus = 0x00, kHostControl = 0x02, kHostCommand = 0x03, kHostAddress = 0x04, kData0 = 0x05,
              kData1 = 0x06, kBlockData = 0x07, kSlaveControl = 0x08, kShadowCommand = 0x09, kSlaveEvent = 0x0a;

constexpr u8 kInterrupt = 1u << 1, kDeviceError = 1u << 2, kBusError = 1u << 3, kFailed = 1u << 4;
constexpr u8 kStatusBits = kInterrupt | kDeviceError | kBusError | kFailed;
constexpr u8 kKill = 1u << 1, kStart = 1u << 6, kControlBits = 0x1f;  // START reads as zero
constexpr u8 kRead = 1;                                               // of SMBHSTADD

// SMB_CMD_PROT.
enum Protocol : u8 { kQuick = 0, kByte = 1, kByteData = 2, kWordData = 3, kBlock = 5 };

}  // namespace

u64 Piix4Smbus::io_read(u64 offset, u32) {
  switch (offset) {
    case kHostStatus: return state_.host_status;
    case kHostControl:
      state_.block_index = 0;  // 7.3.8: a read of SMBHSTCNT goes back to the block's first byte
      return state_.host_control;
    case kHostCommand: return state_.host_command;
    case kHostAddress: return state_.host_address;
    case kData0: return state_.data0;
    case kData1: return state_.data1;
    case kBlockData: return state_.block[state_.block_index++ % kLongestBlock];
    case kSlaveControl: return state_.slave_control;
    case kShadowCommand: return state_.shadow_command;
    case kSlaveEvent:
    case kSlaveEvent + 1: return state_.slave_event[offset - kSlaveEvent];
    default: return 0;  // SMBSLVSTS and SMBSLVDAT: nobody has spoken to us
  }
}

void Piix4Smbus::io_write(u64 offset, u32, u64 value) {
  const u8 v = static_cast<u8>(value);
  switch (offset) {
    case kHostStatus: state_.host_status &= static_cast<u8>(~(v & kStatusBits)); break;
    case kHostControl:
      state_.host_control = v & kControlBits;
      if (v & kKill)
        state_.host_status |= kFailed;
      else if (v & kStart)
        run();
      break;
    case kHostCommand: state_.host_command = v; break;
    case kHostAddress: state_.host_address = v; break;
    case kData0: state_.data0 = v; break;
    case kData1: state_.data1 = v; break;
    case kBlockData: state_.block[state_.block_index++ % kLongestBlock] = v; break;
    case kSlaveControl: state_.slave_control = v & 0x0f; break;
    case kShadowCommand: state_.shadow_command = v; break;
    case kSlaveEvent:
    case kSlaveEvent + 1: state_.slave_event[offset - kSlaveEvent] = v; break;
    default: break;
  }
}

// 7.3.1: a transfer ends with INTER, or with DEV_ERR where nobody answered or the request makes no sense.
void Piix4Smbus::run() {
  state_.block_index = 0;
  state_.host_status |= transfer() ? kInterrupt : kDeviceError;
}

// The bytes of each protocol (SMBus 5.5.1 to 5.5.7). False: it failed.
bool Piix4Smbus::transfer() {
  const u8 protocol = (state_.host_control >> 2) & 7;
  const bool read = state_.host_address & kRead;
  if (!targets_.start(state_.host_address >> 1)) return false;
  if (protocol == kQuick) return true;
  if (protocol == kByte) {
    if (read)
      state_.data0 = targets_.receive();
    else
      targets_.send(state_.host_command);
    return true;
  }
  if (protocol != kByteData && protocol != kWordData && protocol != kBlock) return false;
  targets_.send(state_.host_command);
  if (protocol == kBlock) {
    if (read)
      state_.data0 = targets_.receive();
    else
      targets_.send(state_.data0);
    if (state_.data0 == 0 || state_.data0 > kLongestBlock) return false;
    for (u32 i = 0; i < state_.data0; ++i) {
      if (read)
        state_.block[i] = targets_.receive();
      else
        targets_.send(state_.block[i]);
    }
    return true;
  }
  for (u8* byte : {&state_.data0, &state_.data1}) {
    if (read)
      *byte = targets_.receive();
    else
      targets_.send(*byte);
    if (protocol == kByteData) break;
  }
  return true;
}

}  // namespace paemu
