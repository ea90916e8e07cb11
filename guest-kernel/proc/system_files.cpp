// The files of /proc that tell of the system: uptime, loadavg, stat, cpuinfo, version, self, sys/kernel.
#include "arch/cpu.hpp"
#include "arch/interrupts.hpp"
#include "arch/time.hpp"
#include "fs/proc_file_system.hpp"
#include "fs/vfs.hpp"
#include "lib/random.hpp"
#include "lib/system_names.hpp"
#include "mm/stats.hpp"
#include "proc/lifetime.hpp"
#include "proc/process_files.hpp"
#include "proc/scheduler.hpp"

namespace ido {

namespace {

using Long = unsigned long long;
constexpr u64 kNsPerUserTick = kNsPerSecond / 100;

Or<> render_self(Text& text, u32) {
  text.add("%d", current_process().pid);
  return {};
}
Or<> render_thread_self(Text& text, u32) {
  text.add("%d/task/%d", current_process().pid, current()->tid);
  return {};
}
Or<> render_mounts_link(Text& text, u32) {
  text.add(StringView("self/mounts"));
  return {};
}

Or<> render_uptime(Text& text, u32) {
  const auto hundredths = [](u64 ns) { return static_cast<Long>(ns / (kNsPerSecond / 100)); };
  const Long up = hundredths(now_ns()), idle_time = hundredths(idle_ns());
  text.add("%llu.%02u %llu.%02u\n", up / 100, static_cast<u32>(up % 100), idle_time / 100,
           static_cast<u32>(idle_time % 100));
  return {};
}

Or<> render_loadavg(Text& text, u32) {
  const Load l = load();
  for (u32 average : l.averages) text.add("%u.%02u ", average >> 16, ((average & 0xffff) * 100) >> 16);
  i32 last = 0;
  for (const Process& p : all_processes())
    if (p.pid > last) last = p.pid;
  text.add("%u/%u %d\n", l.runnable, l.tasks, last);
  return {};
}

Or<> render_version(Text& text, u32) {
  text.add("Linux version %s (paemu@ido) (gcc) %s\n", kRelease, kVersion);
  return {};
}

Or<> render_stat_of_system(Text& text, u32) {
  ProcessorTimes t;
  u32 running = 0, blocked = 0;
  for (Process& p : all_processes()) {
    const Subject s{&p, p.first_thread()};
    const ProcessorTimes one = times_of(s);
    t.user_ns += one.user_ns, t.system_ns += one.system_ns;
    running += state_letter(s) == 'R' ? 1 : 0;
    blocked += state_letter(s) == 'D' ? 1 : 0;
  }
  const auto ticks = [](u64 ns) { return static_cast<Long>(ns / kNsPerUserTick); };
  for (const char* name : {"cpu ", "cpu0"})
    text.add("%s %llu 0 %llu %llu 0 0 0 0 0 0\n", name, ticks(t.user_ns), ticks(t.system_ns), ticks(idle_ns()));
  Long interrupts = 0;
  for (u32 irq = 0; irq < 16; ++irq) interrupts += irq_statistics(irq).count;
  text.add("intr %llu", interrupts);
  for (u32 irq = 0; irq < 16; ++irq) text.add(" %llu", static_cast<Long>(irq_statistics(irq).count));
  text.add(
      "\nctxt %llu\nbtime %llu\nprocesses %llu\nprocs_running %u\nprocs_blocked %u\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
      static_cast<Long>(context_switches()), static_cast<Long>((realtime_ns() - now_ns()) / kNsPerSecond),
      static_cast<Long>(tasks_made()), running, blocked);
  return {};
}

// The names of CPUID's feature bits as Linux has them (asm/cpufeatures.h), leaf 1.
constexpr const char* kEdxNames[32] = {"fpu",  "vme",   "de",    "pse",     "tsc",   "msr", "pae",  "mce",
                                       "cx8",  "apic",  nullptr, "sep",     "mtrr",  "pge", "mca",  "cmov",
                                       "pat",  "pse36", "pn",    "clflush", nullptr, "dts", "acpi", "mmx",
                                       "fxsr", "sse",   "sse2",  "ss",      "ht",    "tm",  "ia64", "pbe"};
constexpr const char* kEcxNames[32] = {"pni",    "pclmulqdq", "dtes64", "monitor", "ds_cpl",
                                       "vmx",    "smx",       "est",    "tm2",     "ssse3",
                                       "cid",    "sdbg",      "fma",    "cx16",    "xtpr",
                                       "pdcm",   nullptr,     "pcid",   "dca",     "sse4_1",
                                       "sse4_2", "x2apic",    "movbe",  "popcnt",  "tsc_deadline_timer",
                                       "aes",    "xsave",     nullptr,  "avx",     "f16c",
                                       "rdrand", "hypervisor"};

void add_names(Text& text, u32 bits, const char* const (&names)[32]) {
  for (u32 i = 0; i < 32; ++i)
    if ((bits >> i & 1) && names[i] != nullptr) text.add(" %s", names[i]);
}

Or<> render_processor(Text& text, u32) {
  const auto line = [&](const char* name, const char* value) { text.add("%s\t: %s\n", name, value); };
  const u32 leaves = cpuid(0x80000000).eax;
  const u32 widths = leaves >= 0x80000008 ? cpuid(0x80000008).eax : 36 | 32 << 8;
  const char* brand = cpu.brand;
  while (*brand == ' ') ++brand;
  text.add("processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\nstepping\t: %u\n",
           cpu.vendor, cpu.family, cpu.model, brand[0] != 0 ? brand : "unknown", cpu.stepping);
  const u32 khz = tsc_khz();
  text.add("cpu MHz\t\t: %u.%03u\n", khz / 1000, khz % 1000);
  text.add("physical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\n");
  line("fdiv_bug", "no"), line("f00f_bug", "no"), line("coma_bug", "no"), line("fpu\t", "yes");
  line("fpu_exception", "yes");
  text.add("cpuid level\t: %u\nwp\t\t: yes\nflags\t\t:", cpuid(0).eax);
  add_names(text, cpu.edx, kEdxNames);
  if (cpu.extended_edx >> 20 & 1) text.add(" nx");
  add_names(text, cpu.ecx, kEcxNames);
  text.add(
      "\nbugs\t\t:\nbogomips\t: %u.%02u\nclflush size\t: %u\naddress sizes\t: %u bits physical, %u bits virtual\n\n",
      khz / 500, khz / 5 % 100, (cpuid(1).ebx >> 8 & 0xff) * 8, widths & 0xff, widths >> 8 & 0xff);
  return {};
}

// --- /proc/sys.
Or<> render_literal(Text& text, u32 literal) {
  text.add("%s\n", reinterpret_cast<const char*>(literal));
  return {};
}
Or<> render_number(Text& text, u32 number) {
  text.add("%u\n", number);
  return {};
}
Or<> render_host_name(Text& text, u32) {
  text.add("%s\n", host_name());
  return {};
}
Or<> store_host_name(StringView name, u32) { return set_host_name(name); }

Or<> render_domain_name(Text& text, u32) {
  text.add("%s\n", domain_name());
  return {};
}
Or<> store_domain_name(StringView name, u32) { return set_domain_name(name); }

Or<> add_uuid(Text& text, u8 (&b)[16]) {
  b[6] = (b[6] & 0x0f) | 0x40, b[8] = (b[8] & 0x3f) | 0x80;  // RFC 4122, version 4
  for (u32 i = 0; i < 16; ++i) text.add(i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", b[i]);
  text.add("\n");
  return {};
}
Or<> render_uuid(Text& text, u32) {
  u8 bytes[16];
  random_bytes(bytes, sizeof bytes);
  return add_uuid(text, bytes);
}
Or<> render_boot_id(Text& text, u32) {
  static u8 bytes[16];
  static bool drawn = false;
  if (!drawn) random_bytes(bytes, sizeof bytes);
  drawn = true;
  return add_uuid(text, bytes);
}

Or<> render_dentry_state(Text& text, u32) {
  text.add("%u\t%u\t45\t0\t0\t0\n", fs::dentry_count(), fs::unused_dentries());
  return {};
}
Or<> render_file_count(Text& text, u32) {
  text.add("%u\t0\t%u\n", fs::open_file_count(), memory_info().low_total_pages / 2);
  return {};
}

Or<> add_literal(fs::VirtualDirectory& d, const char* name, const char* value) {
  return d.add_file(name, render_literal, nullptr, reinterpret_cast<u32>(value));
}

// /proc/sysrq-trigger: "c" crashes the kernel, so that its last words can be tried.
[[gnu::noinline]] void crash_on_request() { asm volatile("movl $0, 0"); }
Or<> store_request(StringView text, u32) {
  if (text.empty() || text[0] != 'c') return fail(Errno::kInval);
  crash_on_request();
  return {};
}

}  // namespace

Or<> add_system_settings(fs::VirtualDirectory& sys) {
  Ref<fs::VirtualDirectory> random = TRY(fs::make_virtual_directory(fs::kProcMagic));
  TRY(random->add_file("boot_id", render_boot_id));
  TRY(random->add_file("uuid", render_uuid));
  TRY(random->add_file("entropy_avail", render_number, nullptr, 256));
  TRY(random->add_file("poolsize", render_number, nullptr, 256));
  Ref<fs::VirtualDirectory> kernel = TRY(fs::make_virtual_directory(fs::kProcMagic));
  TRY(add_literal(*kernel, "ostype", "Linux"));
  TRY(add_literal(*kernel, "osrelease", kRelease));
  TRY(add_literal(*kernel, "version", kVersion));
  TRY(add_literal(*kernel, "core_pattern", "core"));
  TRY(add_literal(*kernel, "printk", "7\t4\t1\t7"));
  TRY(kernel->add_file("hostname", render_host_name, store_host_name));
  TRY(kernel->add_file("domainname", render_domain_name, store_domain_name));
  TRY(kernel->add_file("pid_max", render_number, nullptr, 32768));
  TRY(kernel->add_file("threads-max", render_number, nullptr, memory_info().total_pages / 64));
  TRY(kernel->add_file("cap_last_cap", render_number, nullptr, 40));
  TRY(kernel->add_file("ngroups_max", render_number, nullptr, Credentials::kMostGroups));
  TRY(kernel->add_file("overflowuid", render_number, nullptr, 65534));
  TRY(kernel->add_file("overflowgid", render_number, nullptr, 65534));
  TRY(kernel->add_file("panic", render_number, nullptr, 0));
  TRY(kernel->add("random", random));
  Ref<fs::VirtualDirectory> files = TRY(fs::make_virtual_directory(fs::kProcMagic));
  TRY(files->add_file("dentry-state", render_dentry_state));
  TRY(files->add_file("file-nr", render_file_count));
  TRY(files->add_file("file-max", render_number, nullptr, memory_info().low_total_pages / 2));
  TRY(files->add_file("nr_open", render_number, nullptr, fs::FileTable::kMost));
  TRY(files->add_file("pipe-max-size", render_number, nullptr, 1 << 20));
  TRY(sys.add("kernel", kernel));
  return sys.add("fs", files);
}

Or<> add_system_files(fs::VirtualDirectory& root) {
  TRY(root.add_file("uptime", render_uptime));
  TRY(root.add_file("loadavg", render_loadavg));
  TRY(root.add_file("version", render_version));
  TRY(root.add_file("sysrq-trigger", nullptr, store_request));
  TRY(root.add_file("stat", render_stat_of_system));
  TRY(root.add_file("cpuinfo", render_processor));
  TRY(root.add_link("self", render_self));
  TRY(root.add_link("thread-self", render_thread_self));
  return root.add_link("mounts", render_mounts_link);
}

}  // namespace ido
