#include "arch/pic.hpp"

#include "abi/ports.hpp"
#include "arch/time_tick.hpp"
#include "base/port_io.hpp"
#include "lib/print.hpp"

namespace ido {
using namespace base;

namespace {

using namespace abi::port;

struct Registration {
  IrqHandler handler;
  void* context;
  const char* name;
};
constexpr u32 kLines = 16, kSharers = 4, kCascade = 2;
Registration registrations[kLines][kSharers];
u64 counts[kLines];
u64 spurious_count;
u32 depth;

u16 mask_port(u32 irq) { return static_cast<u16>((irq < 8 ? kPic1 : kPic2) + 1); }

}  // namespace

void init_pic() {
  // 8259A, "Programming": ICW1 edge, cascade, ICW4 needed; ICW2 vectors; ICW3 cascade on line 2; ICW4 8086 mode.
  out8(kPic1, 0x11);
  out8(kPic2, 0x11);
  out8(kPic1 + 1, vector::kIrqBase);
  out8(kPic2 + 1, vector::kIrqBase + 8);
  out8(kPic1 + 1, 1u << kCascade);
  out8(kPic2 + 1, kCascade);
  out8(kPic1 + 1, 1);
  out8(kPic2 + 1, 1);
  out8(kPic1 + 1, static_cast<u8>(~(1u << kCascade)));
  out8(kPic2 + 1, 0xff);
}

void unmask_line(u32 irq, Trigger trigger) {
  const InterruptGuard guard;
  const u16 elcr = static_cast<u16>(kPicElcr + irq / 8);
  const u8 bit = static_cast<u8>(1u << irq % 8);
  const u8 levels = in8(elcr);
  if (trigger == Trigger::kLevel)
    out8(elcr, levels | bit);
  else if (levels & bit)
    out8(elcr, levels & static_cast<u8>(~bit));
  out8(mask_port(irq), in8(mask_port(irq)) & static_cast<u8>(~bit));
}

void end_of_interrupt(u32 irq) {
  constexpr u8 kNonSpecific = 0x20;  // OCW2
  if (irq >= 8) out8(kPic2, kNonSpecific);
  out8(kPic1, kNonSpecific);
}

bool spurious(u32 irq) {
  if (irq != 7 && irq != 15) return false;
  const u16 port = irq == 7 ? kPic1 : kPic2;
  out8(port, 0x0b);  // OCW3: read the in-service register
  if (in8(port) & 0x80) return false;
  if (irq == 15) out8(kPic1, 0x20);  // the master did see a request from the slave
  return true;
}

void dispatch_irq(TrapFrame& frame) {
  const u32 irq = frame.vector - vector::kIrqBase;
  if (spurious(irq)) {
    ++spurious_count;
    return;
  }
  ++counts[irq];
  ++depth;
  if (irq == abi::irq::kPit) tick(frame);
  for (const Registration& r : registrations[irq])
    if (r.handler != nullptr) r.handler(r.context);
  --depth;
  end_of_interrupt(irq);
}

bool in_interrupt() { return depth != 0; }

void register_irq(u32 irq, IrqHandler handler, void* context, const char* name, Trigger trigger) {
  KASSERT(irq < kLines && irq != kCascade);
  for (Registration& r : registrations[irq]) {
    if (r.handler != nullptr) continue;
    r = {handler, context, name};
    unmask_line(irq, trigger);
    return;
  }
  panic("more than %u drivers share IRQ %u", kSharers, irq);
}

IrqStatistics irq_statistics(u32 irq) {
  KASSERT(irq < kLines);
  return {counts[irq], irq == abi::irq::kPit ? "timer" : registrations[irq][0].name};
}

}  // namespace ido
