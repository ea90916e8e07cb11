// Operands as types: how a template semantic reads and writes what its row's operand kinds name.
//
// A semantic that has forms is `template <class Mode, class... Operands> static Outcome run(Cpu&, const Insn&)`. Mode
// says how memory is reached; an access that returns false makes the semantic return Mode::kMiss, having changed
// nothing.
//  - FastMode: a flat 32-bit segment, or an offset within the segment's window, and a hit in the fast TLB; no calls. A
//    miss is no fault: the slow form then runs.
//  - SlowMode: everything, by Cpu's own accesses. A miss is a fault, in Cpu::fault.
//
// An operand has Type, read(), write(), and for read-modify-write open() and close(), of which only open() can miss.
#pragma once

#include <cstring>

#include "cpu/cpu.hpp"

namespace paemu {

struct SlowMode {
  static constexpr Outcome kMiss = Outcome::kFault;
  static constexpr bool kFast = false;
  template <class T>
  static bool push(Cpu& c, T v) {
    return c.push<T>(v);
  }
  template <class T>
  static bool pop(Cpu& c, T& v) {
    return c.pop<T>(v);
  }
  template <class T>
  static bool load_stack(Cpu& c, u32 offset, T& v) {
    return c.load<T>(isa::kSs, offset, v);
  }
  // May a near transfer go to `eip` (SDM 2, JMP: #GP(0) beyond the limit of CS)?
  static bool target_allowed(Cpu& c, u32 eip) {
    if (eip <= c.state.segment[isa::kCs].limit) return true;
    c.raise(Vector::kGeneralProtection);
    return false;
  }
};

struct FastMode {
  static constexpr Outcome kMiss = Outcome::kSlow;
  static constexpr bool kFast = true;
  template <class T>
  static bool push(Cpu& c, T v) {
    const u32 to = c.state.gpr[isa::kEsp] - static_cast<u32>(sizeof(T));
    u8* host = c.mmu.host_pointer(to, sizeof(T), Access::kWrite, c.privilege());
    if (host == nullptr) [[unlikely]]
      return false;
    std::memcpy(host, &v, sizeof(T));
    c.state.gpr[isa::kEsp] = to;
    return true;
  }
  template <class T>
  static bool pop(Cpu& c, T& v) {
    if (!load_stack(c, c.state.gpr[isa::kEsp], v)) [[unlikely]]
      return false;
    c.state.gpr[isa::kEsp] += static_cast<u32>(sizeof(T));
    return true;
  }
  template <class T>
  static bool load_stack(Cpu& c, u32 offset, T& v) {
    const u8* host = c.mmu.host_pointer(offset, sizeof(T), Access::kRead, c.privilege());
    if (host == nullptr) [[unlikely]]
      return false;
    std::memcpy(&v, host, sizeof(T));
    return true;
  }
  static bool target_allowed(Cpu&, u32) { return true; }
};

namespace operand {

// What open() of a register keeps for close(): nothing.
struct NoPlace {};

// A general register named by field `Field` of the Insn.
template <class T, u8 Insn::*Field>
struct RegisterField {
  using Type = T;
  using Place = NoPlace;
  static constexpr bool kIsMemory = false;
  static bool read(Cpu& c, const Insn& i, T& v) {
    v = c.reg<T>(i.*Field);
    return true;
  }
  static bool write(Cpu& c, const Insn& i, T v) {
    c.set_reg<T>(i.*Field, v);
    return true;
  }
  static bool open(Cpu& c, const Insn& i, Place&, T& v) { return read(c, i, v); }
  static void close(Cpu& c, const Insn& i, Place, T v) { write(c, i, v); }
};
template <class T>
using RmRegister = RegisterField<T, &Insn::rm>;
template <class T>
using RegRegister = RegisterField<T, &Insn::reg>;

// A register that the opcode implies.
template <class T, u32 Number>
struct FixedRegister {
  using Type = T;
  using Place = NoPlace;
  static constexpr bool kIsMemory = false;
  static bool read(Cpu& c, const Insn&, T& v) {
    v = c.reg<T>(Number);
    return true;
  }
  static bool write(Cpu& c, const Insn&, T v) {
    c.set_reg<T>(Number, v);
    return true;
  }
  static bool open(Cpu& c, const Insn& i, Place&, T& v) { return read(c, i, v); }
  static void close(Cpu& c, const Insn& i, Place, T v) { write(c, i, v); }
};

template <class T>
struct Immediate {
  using Type = T;
  static constexpr bool kIsMemory = false;
  static bool read(Cpu&, const Insn& i, T& v) {
    v = static_cast<T>(i.immediate);
    return true;
  }
};

template <class T, T Value>
struct Constant {
  using Type = T;
  static constexpr bool kIsMemory = false;
  static bool read(Cpu&, const Insn&, T& v) {
    v = Value;
    return true;
  }
};

// Ways to sum up an address. Registers that are absent read the zero slot.
struct BaseAddress {
  static u32 of(const Cpu& c, const Insn& i) { return c.state.gpr[i.base] + i.displacement; }
};
struct FullAddress {
  static u32 of(const Cpu& c, const Insn& i) {
    return c.state.gpr[i.base] + (c.state.gpr[i.index] << i.scale) + i.displacement;
  }
};
struct AnyAddress {
  static u32 of(const Cpu& c, const Insn& i) { return c.effective_address(i); }
};

// Memory in a flat segment, by a hit in the fast TLB.
template <class T, class Address>
struct FastMemory {
  using Type = T;
  using Place = u8*;
  static constexpr bool kIsMemory = true;
  static u32 address(const Cpu& c, const Insn& i) { return Address::of(c, i); }
  static bool read(Cpu& c, const Insn& i, T& v) {
    const u8* host = c.mmu.host_pointer(address(c, i), sizeof(T), Access::kRead, c.privilege());
    if (host == nullptr) [[unlikely]]
      return false;
    std::memcpy(&v, host, sizeof(T));
    return true;
  }
  static bool write(Cpu& c, const Insn& i, T v) {
    u8* host = c.mmu.host_pointer(address(c, i), sizeof(T), Access::kWrite, c.privilege());
    if (host == nullptr) [[unlikely]]
      return false;
    std::memcpy(host, &v, sizeof(T));
    return true;
  }
  static bool open(Cpu& c, const Insn& i, Place& place, T& v) {
    place = c.mmu.host_pointer(address(c, i), sizeof(T), Access::kWrite, c.privilege());
    if (place == nullptr) [[unlikely]]
      return false;
    std::memcpy(&v, place, sizeof(T));
    return true;
  }
  static void close(Cpu&, const Insn&, Place place, T v) { std::memcpy(place, &v, sizeof(T)); }
};

// Memory in any segment, also with 16-bit addresses: within the segment's window, and by a hit in the fast TLB.
template <class T>
struct WindowMemory {
  using Type = T;
  using Place = u8*;
  static constexpr bool kIsMemory = true;
  static u32 address(const Cpu& c, const Insn& i) { return c.effective_address(i); }
  static bool read(Cpu& c, const Insn& i, T& v) {
    const u8* host = find(c, i, Access::kRead);
    if (host == nullptr) [[unlikely]]
      return false;
    std::memcpy(&v, host, sizeof(T));
    return true;
  }
  static bool write(Cpu& c, const Insn& i, T v) {
    u8* host = find(c, i, Access::kWrite);
    if (host == nullptr) [[unlikely]]
      return false;
    std::memcpy(host, &v, sizeof(T));
    return true;
  }
  static bool open(Cpu& c, const Insn& i, Place& place, T& v) {
    place = find(c, i, Access::kWrite);
    if (place == nullptr) [[unlikely]]
      return false;
    std::memcpy(&v, place, sizeof(T));
    return true;
  }
  static void close(Cpu&, const Insn&, Place place, T v) { std::memcpy(place, &v, sizeof(T)); }

 private:
  static u8* find(Cpu& c, const Insn& i, Access access) {
    const u32 offset = c.effective_address(i);
    if (!c.in_window(i.segment, offset, sizeof(T), access)) [[unlikely]]
      return nullptr;
    return c.mmu.host_pointer(c.state.segment[i.segment].base + offset, sizeof(T), access, c.privilege());
  }
};

// Memory by all the rules.
template <class T>
struct SlowMemory {
  using Type = T;
  using Place = u32;  // offset
  static constexpr bool kIsMemory = true;
  static u32 address(const Cpu& c, const Insn& i) { return c.effective_address(i); }
  static bool read(Cpu& c, const Insn& i, T& v) { return c.load<T>(i.segment, address(c, i), v); }
  static bool write(Cpu& c, const Insn& i, T v) { return c.store<T>(i.segment, address(c, i), v); }
  static bool open(Cpu& c, const Insn& i, Place& place, T& v) {
    place = address(c, i);
    return c.load_for_write<T>(i.segment, place, v);
  }
  static void close(Cpu& c, const Insn& i, Place place, T v) { c.store<T>(i.segment, place, v); }
};

}  // namespace operand
}  // namespace paemu
