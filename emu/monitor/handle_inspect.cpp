// Commands that look at the guest without its noticing.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cpu/registers.hpp"
#include "monitor/examine.hpp"
#include "monitor/handlers.hpp"

namespace paemu::monitor::handle {
namespace {

// By isa::Register and isa::SegmentRegister.
constexpr const char* kGeneral[] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};
constexpr const char* kSegments[] = {"ES", "CS", "SS", "DS", "FS", "GS"};

std::string segment_line(const char* name, const Segment& s) {
  return fmt::format("{:<4} sel={:04x} base={:08x} limit={:08x} attr={:04x}\n", name, s.selector, s.base, s.limit,
                     s.attributes);
}

std::string flags_text(u32 eflags) {
  static constexpr struct {
    u32 bit;
    char letter;
  } kFlags[] = {{eflag::kOverflow, 'O'}, {eflag::kDirection, 'D'}, {eflag::kInterrupt, 'I'},
                {eflag::kTrap, 'T'},     {eflag::kSign, 'S'},      {eflag::kZero, 'Z'},
                {eflag::kAdjust, 'A'},   {eflag::kParity, 'P'},    {eflag::kCarry, 'C'}};
  std::string text;
  for (const auto& flag : kFlags) text += (eflags & flag.bit) != 0 ? flag.letter : '-';
  return text;
}

}  // namespace

namespace {

const char* activity_text(Activity activity) {
  switch (activity) {
    case Activity::kRunning: return "running";
    case Activity::kHalted: return "halted";
    case Activity::kShutdown: return "shut down";
    case Activity::kWaitForStartUp: return "waiting for a start-up IPI";
  }
  return "unknown";
}

std::string registers_text(const CpuState& cpu) {
  std::string text;
  for (int i = 0; i < 8; ++i) text += fmt::format("{}={:08x}{}", kGeneral[i], cpu.gpr[i], i % 4 == 3 ? "\n" : " ");
  text += fmt::format("EIP={:08x} EFL={:08x} [{}] {}\n", cpu.eip, cpu.eflags, flags_text(cpu.eflags),
                      activity_text(cpu.activity));
  for (int i = 0; i < 6; ++i) text += segment_line(kSegments[i], cpu.segment[i]);
  text += segment_line("LDT", cpu.ldtr) + segment_line("TR", cpu.tr);
  text += fmt::format("GDT  base={:08x} limit={:04x}\nIDT  base={:08x} limit={:04x}\n", cpu.gdtr.base, cpu.gdtr.limit,
                      cpu.idtr.base, cpu.idtr.limit);
  text += fmt::format("CR0={:08x} CR2={:08x} CR3={:08x} CR4={:08x} EFER={:08x}\n", cpu.cr0, cpu.cr2, cpu.cr3, cpu.cr4,
                      cpu.efer);
  return text;
}

}  // namespace

Reply select_cpu(Monitor& m, const Json& a) {
  const u64 index = a["index"];
  if (index >= m.machine().processor_count())
    return base::fail("there is no processor " + std::to_string(index) + "; the last is " +
                      std::to_string(m.machine().processor_count() - 1));
  m.select_processor(static_cast<u32>(index));
  return Json::object();
}

Reply info_registers(Monitor& m, const Json& a) {
  const std::string which = a.value("which", "");
  if (!which.empty() && which != "-a") return base::fail("\"" + which + "\" makes no sense here; -a shows all processors");
  std::string text;
  for (u32 n = 0; n < m.machine().processor_count(); ++n) {
    if (which.empty() && n != m.processor()) continue;
    if (m.machine().processor_count() > 1) text += fmt::format("CPU#{}\n", n);
    text += registers_text(m.machine().registers(n).cpu);
  }
  const Position at = m.machine().position();
  text += fmt::format("retired {} instructions, at {} ns", at.retired, at.now.value);
  return Json(text);
}

Reply info_counters(Monitor& m, const Json&) {
  const Registers r = m.machine().registers(m.processor());
  return Json(fmt::format("instructions {}\npage-table-loads {}\ntlb-flushes {}\ntlb-page-flushes {}", r.retired,
                          r.table_loads, r.flushes, r.page_flushes));
}

Reply query_cpus_fast(Monitor& m, const Json&) {
  const Topology& t = m.machine().config().topology;
  Json list = Json::array();
  for (u32 n = 0; n < m.machine().processor_count(); ++n)
    list.push_back({{"cpu-index", n},
                    {"qom-path", fmt::format("/machine/unattached/device[{}]", n)},
                    {"thread-id", m.control().process_id()},
                    {"target", "i386"},
                    {"props",
                     {{"socket-id", t.socket_of(n)},
                      {"core-id", t.core_of(n)},
                      {"thread-id", t.thread_of(n)},
                      {"node-id", 0}}}});
  return list;
}

Reply info_cpus(Monitor& m, const Json&) {
  std::string text;
  for (u32 n = 0; n < m.machine().processor_count(); ++n)
    text += fmt::format("{}{} CPU #{}: thread_id={} ({})", text.empty() ? "" : "\n", n == m.processor() ? '*' : ' ', n,
                        m.control().process_id(), activity_text(m.machine().registers(n).cpu.activity));
  return Json(text);
}

Reply info_lapic(Monitor& m, const Json& a) {
  const Topology& t = m.machine().config().topology;
  u32 index = m.processor();
  if (a.contains("apic-id")) {
    const u64 id = a["apic-id"];
    for (index = 0; index < m.machine().processor_count() && t.apic_id(index) != id;) ++index;
    if (index == m.machine().processor_count())
      return base::fail("no processor has APIC ID " + std::to_string(id) + "; info cpus lists them all");
  }
  return Json(m.machine().describe(index == 0 ? "lapic" : "lapic" + std::to_string(index)));
}

Reply info_device(Monitor& m, const Json& a) {
  if (!a.contains("name")) {
    std::string text;
    for (const std::string& part : m.machine().devices()) text += (text.empty() ? "" : "\n") + part;
    return Json(text);
  }
  const std::string name = a["name"], text = m.machine().describe(name);
  if (text.empty()) return base::fail("there is no device '" + name + "'; info device lists them");
  return Json(text);
}

Reply log_items(Monitor& m, const Json& a) {
  const std::string items = a["items"];
  if (items != "insn" && items != "none") return base::fail("there is no log item \"" + items + "\"; use insn or none");
  m.machine().trace_instructions(items == "insn");
  return Json::object();
}

Reply info_pic(Monitor& m, const Json&) {
  std::string text;
  for (const char* part : {"pic", "ioapic", "lapic"})
    if (const std::string fields = m.machine().describe(part); !fields.empty())
      text += fmt::format("{}:\n{}\n", part, fields);
  return Json(text);
}

namespace {

Reply examine(Monitor& m, const Json& a, Space space) {
  const Format format = TRY(parse_format(a.value("format", "/1xw")));
  const View view{m.machine(), m.processor()};
  const u64 address = TRY(evaluate(view, a["address"].get<std::string>()));
  return Json(TRY(show_memory(view, space, address, format)));
}

}  // namespace

Reply examine_linear(Monitor& m, const Json& a) { return examine(m, a, Space::Linear); }
Reply examine_physical(Monitor& m, const Json& a) { return examine(m, a, Space::Physical); }

Reply print_expression(Monitor& m, const Json& a) {
  const u64 value = TRY(evaluate({m.machine(), m.processor()}, a["expression"].get<std::string>()));
  return Json(fmt::format("{:#x} ({})", value, value));
}

}  // namespace paemu::monitor::handle
