// The one seam for input: everything that a run does not derive from its configuration arrives here.
//
// An Arrival is injected by the machine's run loop at an exact position; live sources, the recorder and the player
// implement InputSource. The kinds are a closed list: a new kind bumps abi::trace::kVersion.
#pragma once

#include <optional>
#include <vector>

#include "base/types.hpp"
#include "time/ticks.hpp"

namespace paemu {

enum class InputKind : u8 {
  SerialBytes,       // bytes of a stream (replay/host_interfaces.hpp): u8 its number, then the bytes
  Key,               // keys pressed and let go: scan codes of set 1, whatever set the guest has chosen
  RtcStart,          // i64 seconds since the Unix epoch; the first arrival of a run, at position 0
  DimmInsert,        // a DimmSpec (replay/arrival.hpp encodes and decodes)
  DimmEjectRequest,  // the id: the guest is asked to let it go
  DimmSurprisePull,  // the id: gone without asking
  PowerButton,       // no payload
  Reset,             // u8: 0 by the monitor, 1 by the guest's own request
  NonMaskable,       // no payload: an NMI
  MachineCheck,      // an arrival::MachineCheck: an error that the processor finds in the hardware
  MediumChange,      // an arrival::MediumChange: a medium is put into a drive, or taken out
  EjectButton,       // the id of a drive: its button is pressed; what happens is the guest's affair
  Entropy,           // 32 bytes: the key of the generator behind virtio-rng
  Pointer,           // an arrival::Pointer: the mouse was moved, its buttons or its wheel
  kLast = Pointer,
};

// A point in a run. Ticks alone order points; `retired` says the same to people and catches divergence.
struct Position {
  u64 retired = 0;  // instructions retired so far
  Ticks now;        // retired + idle
  auto operator<=>(const Position& o) const { return now <=> o.now; }
  bool operator==(const Position&) const = default;
};

struct Arrival {
  Position at;
  InputKind kind;
  std::vector<u8> payload;
};

// What can wake a halted processor (SDM 2, HLT).
enum class Wake : u8 {
  kInterrupt,        // any interrupt
  kNonMaskableOnly,  // it halted with interrupts off: a live source sleeps even when it is not paced, as nothing is
                     // likely to happen any more
};

class InputSource {
 public:
  virtual ~InputSource() = default;

  // The tick at which the run loop must next stop and call poll(): for a player the exact position of the next
  // arrival; for live input `now` plus a polling quantum.
  virtual Ticks next_poll(Position now) = 0;

  // The next arrival due at `now`, if any; called until it returns none. The source stamps Arrival::at with `now`.
  virtual std::optional<Arrival> poll(Position now) = 0;

  // All processors are halted until `deadline` (kNever: nothing is armed). Live: sleeps up to that long when paced and
  // returns early when input came. Returns the tick to go on at, in (now, deadline]; a player returns min(deadline,
  // position of the next arrival). With deadline kNever and no more input possible, returns kNever.
  virtual Ticks idle(Position now, Ticks deadline, Wake wake) = 0;

  // The host has work of its own, as a monitor command: Machine::run() returns None at the next boundary. Looked at
  // after poll() and idle(); says nothing about the guest, so neither recorded nor known to a player.
  virtual bool interrupted() const { return false; }
};

}  // namespace paemu
