// Events: the SCI (ACPI 4.8.3, 4.8.4, 5.6) and the thread that does the work.
//
// The interrupt handler only notes what happened and keeps the source quiet; methods run in "kacpi". An event of an
// edge method is acknowledged before the method runs, so that what comes meanwhile is seen; of a level method after it.

#include "abi/acpi.hpp"
#include "acpi/acpi.hpp"
#include "acpi/system.hpp"
#include "arch/interrupts.hpp"
#include "base/port_io.hpp"
#include "lib/print.hpp"
#include "lib/thread.hpp"

namespace ido::acpi {

namespace {

constexpr u32 kMaxGpes = 64;  // more have never been seen on a machine of one GPE block

struct Gpe {
  Node* method = nullptr;
  bool level = false;
  u16 status_port = 0;
  u16 enable_port = 0;
  u8 bit = 0;  // mask in both
};

struct Notification {
  Ref<Node> node;
  u32 value;
};

Gpe gpes[kMaxGpes];
volatile u64 pending_gpes;
volatile bool power_button_pressed;
WaitQueue work;
Vector<Notification>* notifications;
void (*power_button_handler)() = power_off;

u16 pm1_status(const FixedHardware& f, u32 i) { return f.pm1_event[i]; }
u16 pm1_enable(const FixedHardware& f, u32 i) { return static_cast<u16>(f.pm1_event[i] + f.pm1_event_length / 2); }

void handle_sci(void* context) {
  const FixedHardware& f = static_cast<System*>(context)->tables.fixed();
  bool wake = false;
  for (u32 i = 0; i < 2; ++i) {
    if (f.pm1_event[i] == 0) continue;
    const u16 status = in16(pm1_status(f, i)) & in16(pm1_enable(f, i));
    if (status == 0) continue;
    out16(pm1_status(f, i), status);  // write one to clear
    if (status & abi::acpi::kPowerButton) power_button_pressed = wake = true;
  }
  for (u32 number = 0; number < kMaxGpes; ++number) {
    const Gpe& gpe = gpes[number];
    if (gpe.method == nullptr) continue;
    const u8 enabled = in8(gpe.enable_port);
    if (!(enabled & in8(gpe.status_port) & gpe.bit)) continue;
    out8(gpe.enable_port, static_cast<u8>(enabled & ~gpe.bit));
    if (!gpe.level) out8(gpe.status_port, gpe.bit);
    pending_gpes = pending_gpes | u64{1} << number;
    wake = true;
  }
  if (wake) work.wake_all();
}

void run_gpe(System& s, u32 number) {
  const Gpe& gpe = gpes[number];
  (void)s.evaluate(*gpe.method);
  const InterruptGuard guard;
  if (gpe.level) out8(gpe.status_port, gpe.bit);
  out8(gpe.enable_port, static_cast<u8>(in8(gpe.enable_port) | gpe.bit));
}

void dispatch_notifications() {
  while (!notifications->empty()) {
    const Notification next = (*notifications)[0];
    notifications->erase(0);
    if (handle_memory_notify(*next.node, next.value)) continue;
    char path[Node::kPathSize];
    next.node->path(path);
    print("acpi: %s: notification 0x%x is not for anybody\n", path, next.value);
  }
}

void serve_events(void* context) {
  System& s = *static_cast<System*>(context);
  add_present_memory();
  for (;;) {
    u64 due;
    bool pressed;
    {
      const InterruptGuard guard;
      while (pending_gpes == 0 && !power_button_pressed && notifications->empty()) work.wait();
      due = pending_gpes;
      pressed = power_button_pressed;
      pending_gpes = 0;
      power_button_pressed = false;
    }
    for (u32 number = 0; number < kMaxGpes; ++number) {
      if ((due >> number) & 1) run_gpe(s, number);
    }
    dispatch_notifications();
    if (pressed) {
      print("acpi: the power button was pressed\n");
      power_button_handler();
    }
  }
}

i32 hex_digit(u8 c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

// The ports of event `number`; false when no block has it (5.2.9).
bool place_gpe(const FixedHardware& f, u32 number, Gpe& gpe) {
  for (u32 block = 0; block < 2; ++block) {
    const u32 first = block == 0 ? 0 : f.gpe1_base;
    const u32 registers = f.gpe_length[block] / 2;
    if (f.gpe_block[block] == 0 || number < first || number >= first + 8 * registers) continue;
    gpe.status_port = static_cast<u16>(f.gpe_block[block] + (number - first) / 8);
    gpe.enable_port = static_cast<u16>(gpe.status_port + registers);
    gpe.bit = static_cast<u8>(1u << ((number - first) % 8));
    return true;
  }
  return false;
}

// _Exx is edge-triggered, _Lxx level-triggered (5.6.4.1).
void find_gpe_methods(System& s) {
  Node* scope = s.names.find("\\_GPE");
  for (Node* n = scope != nullptr ? scope->first_child() : nullptr; n != nullptr; n = n->next()) {
    const u8 kind = static_cast<u8>(n->name() >> 8);
    const i32 high = hex_digit(static_cast<u8>(n->name() >> 16));
    const i32 low = hex_digit(static_cast<u8>(n->name() >> 24));
    if (static_cast<u8>(n->name()) != '_' || (kind != 'E' && kind != 'L') || high < 0 || low < 0) continue;
    if (n->type() != Type::kMethod) continue;
    const u32 number = static_cast<u32>(high * 16 + low);
    Gpe gpe;
    if (number >= kMaxGpes || !place_gpe(s.tables.fixed(), number, gpe)) continue;
    gpe.method = n;
    gpe.level = kind == 'L';
    gpes[number] = gpe;
  }
}

bool enable_acpi_mode(const FixedHardware& f) {
  if (f.pm1_control[0] == 0) return false;
  if (in16(f.pm1_control[0]) & abi::acpi::kSciEnable) return true;
  if (f.smi_command == 0) return false;
  out8(f.smi_command, f.enable_value);
  for (u32 patience = 1000; patience > 0; --patience) {
    if (in16(f.pm1_control[0]) & abi::acpi::kSciEnable) return true;
  }
  return false;
}

// Everything off and acknowledged, then what we serve on.
void enable_events(const FixedHardware& f) {
  for (u32 block = 0; block < 2; ++block) {
    const u32 registers = f.gpe_block[block] != 0 ? f.gpe_length[block] / 2 : 0;
    for (u32 i = 0; i < registers; ++i) {
      out8(static_cast<u16>(f.gpe_block[block] + registers + i), 0);
    }
  }
  for (u32 i = 0; i < 2; ++i) {
    if (f.pm1_event[i] == 0) continue;
    out16(pm1_enable(f, i), 0);
    out16(pm1_status(f, i), 0xffff);
    if (f.power_button) out16(pm1_enable(f, i), abi::acpi::kPowerButton);
  }
  // Statuses stay: what happened before we looked is served now.
  for (const Gpe& gpe : gpes) {
    if (gpe.method != nullptr) out8(gpe.enable_port, static_cast<u8>(in8(gpe.enable_port) | gpe.bit));
  }
}

}  // namespace

void queue_notify(Node& node, u32 value) {
  constexpr u32 kMaxQueued = 4096;
  if (notifications == nullptr || notifications->size() >= kMaxQueued ||
      !notifications->push({Ref<Node>(&node), value}).ok()) {
    print("acpi: a notification is lost\n");
  }
  work.wake_all();  // a method that another task evaluates may notify, too
}

void on_power_button(void (*handler)()) { power_button_handler = handler; }

void start() {
  System* s = system();
  if (s == nullptr) return;
  const FixedHardware& f = s->tables.fixed();
  if (!enable_acpi_mode(f)) {
    print("acpi: the machine does not switch to ACPI mode: no hotplug, no power button\n");
    return;
  }
  notifications = new (std::nothrow) Vector<Notification>;
  if (notifications == nullptr || !start_kernel_thread("kacpi", serve_events, s).ok()) {
    print("acpi: no memory for the event thread\n");
    return;
  }
  find_gpe_methods(*s);
  register_irq(f.sci_irq, handle_sci, s, "acpi", Trigger::kLevel);
  enable_events(f);
}

}  // namespace ido::acpi
